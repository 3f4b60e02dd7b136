import { existsSync, readFileSync } from 'node:fs'

/** The version in the package.json of a module's package: the next one above it, in the sources as in what was built. */
export function versionOf(moduleUrl: string): string {
  for (let folder = new URL('.', moduleUrl); ; folder = new URL('..', folder)) {
    const manifest = new URL('package.json', folder)
    if (existsSync(manifest))
      return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
    if (folder.pathname === '/') throw new Error(`no package.json above ${moduleUrl}`)
  }
}
