import { existsSync, readFileSync } from 'node:fs'

/** The version in the package.json of a module's package, beside or above its `node/` or `dist/node/`. */
export function versionOf(moduleUrl: string): string {
  const fromSource = new URL('../package.json', moduleUrl)
  const manifest = existsSync(fromSource) ? fromSource : new URL('../../package.json', moduleUrl)
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}
