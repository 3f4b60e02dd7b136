import { mkdtemp, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { MAX_FILE_BYTES, shown, VouchError } from '../src/index.js'

/** Reads a file that a person named. A path that is not there is their slip; a file too large is nobody's evidence. */
export async function readNamedFile(path: string): Promise<Uint8Array> {
  const info = await stat(path).catch(() => undefined)
  if (info === undefined || !info.isFile()) {
    throw new VouchError('FILE_NOT_FOUND', { rule: 'the path must lead to a file', given: shown(path) })
  }
  if (info.size > MAX_FILE_BYTES) {
    throw new VouchError('TOO_LARGE', {
      rule: `a file must be at most ${MAX_FILE_BYTES} bytes`,
      given: `${info.size}`,
    })
  }
  return new Uint8Array(await readFile(path))
}

/** Writes a file whole or not at all: a reader, or a crash, never meets half of it. */
export async function writeWhole(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const folder = await mkdtemp(join(dirname(path), `.${basename(path)}-`))
  const draft = join(folder, 'draft')
  try {
    const file = await open(draft, 'wx', mode)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
