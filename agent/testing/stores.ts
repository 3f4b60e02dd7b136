import { chmod, mkdir, mkdtemp, realpath, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A file system's tree: texts and bytes are files, a `run` file may be executed, a `to` is a link. */
export type Tree =
  | string
  | Uint8Array
  | { readonly run: string }
  | { readonly to: string }
  | ReadonlyMap<string, Tree>

export async function newFolder(): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), 'vouch-agent-')))
}

export async function plant(path: string, tree: Tree): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  if (typeof tree === 'string' || tree instanceof Uint8Array) return writeFile(path, tree)
  if (tree instanceof Map) {
    await mkdir(path)
    for (const [name, inside] of tree as ReadonlyMap<string, Tree>) await plant(join(path, name), inside)
  } else if ('run' in tree) {
    await writeFile(path, tree.run)
    await chmod(path, 0o755)
  } else if ('to' in tree) {
    await symlink(tree.to, path)
  }
}

export const folder = (entries: Readonly<Record<string, Tree>>): ReadonlyMap<string, Tree> =>
  new Map(Object.entries(entries))

/** A store name with a hash part that this letter makes. */
export const named = (letter: string, name: string): string => `${letter.repeat(32)}-${name}`
