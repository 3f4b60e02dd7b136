import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where Chromium is installed, if it is. None is ever downloaded. */
export function chromiumPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, 'chromium')).find((path) => existsSync(path))
}
