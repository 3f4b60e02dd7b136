import { createHash } from 'node:crypto'
import { realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { shown, VouchError } from '@vouch/protocol'
import { type Closure, closedClosure, type StoreEntry } from '../../src/store/closure.js'
import { ReferenceScanner } from '../../src/store/references.js'
import { writeNar } from './nar.js'

/** A program in a store path. */
export interface ProgramPath {
  readonly name: string
  /** Inside the store path, without a slash before it. */
  readonly program: string
}

/** Hashes every path of a closure, and refuses one that is not closed. */
export async function hashClosure(
  store: string,
  paths: readonly string[],
  mentions: readonly string[],
): Promise<Closure> {
  const names = paths.map((path) => storeNameOf(store, path))
  const entries: StoreEntry[] = []
  for (const name of names) entries.push(await hashStorePath(store, name, names))
  return closedClosure(entries, mentions)
}

async function hashStorePath(store: string, name: string, names: readonly string[]): Promise<StoreEntry> {
  const hash = createHash('sha256')
  const scanner = new ReferenceScanner(store, names)
  await writeNar(join(store, name), (piece) => {
    hash.update(piece)
    scanner.update(piece)
  })
  const { listed, unlisted } = scanner.finish()
  return { name, treeHash: new Uint8Array(hash.digest()), references: [...listed], unlisted: [...unlisted] }
}

/** The base name of a store path. */
export function storeNameOf(store: string, path: string): string {
  const name = path.startsWith(`${store}/`) ? path.slice(store.length + 1) : ''
  if (/^[\x21-\x2e\x30-\x7e]{1,211}$/.test(name) && !/^\.{1,2}$/.test(name)) return name
  throw new VouchError('STORE_PATH_MALFORMED', {
    rule: `a store path must be ${store}/ and a name`,
    given: shown(path),
  })
}

/** Splits the path of a program in the store, and makes sure that it leads to a file in a path of the closure. */
export async function programIn(store: string, path: string, closure: Closure): Promise<ProgramPath> {
  const [, name = '', program = ''] = /^([^/]+)\/(.+)$/.exec(path.slice(store.length + 1)) ?? []
  const inStore = storeNameOf(store, join(store, name))
  const target = await realpath(join(store, inStore, program)).catch(() => '')
  const isInside = closure.entries.some(
    (entry) => target.startsWith(`${store}/${entry.name}/`) || target === `${store}/${entry.name}`,
  )
  if (path.startsWith(`${store}/`) && isInside && (await stat(target)).isFile()) return { name, program }
  throw new VouchError('STORE_PATH_MALFORMED', {
    rule: 'a program must be a file in a store path of the closure',
    given: shown(path),
  })
}
