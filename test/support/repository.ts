import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = new URL('../../', import.meta.url)

/** The absolute path of something in the repository. */
export function pathInRepository(path: string): string {
  return fileURLToPath(new URL(path, ROOT))
}

export function readInRepository(path: string): string {
  return readFileSync(pathInRepository(path), 'utf8')
}

/** What a clone would hold once the working tree is committed: tracked or new, not ignored, not deleted. */
export function repositoryFiles(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: pathInRepository('.'),
    encoding: 'utf8',
  })
  return [...new Set(listed.split('\0'))].filter((path) => path !== '' && existsSync(pathInRepository(path)))
}

/** The part of a package.json that the tests of this folder judge. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly files?: readonly string[]
  readonly bin?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly workspaces?: readonly string[]
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readInRepository(`${folder}/package.json`)) as Manifest
}

/** The folders of the workspaces, as the root's package.json lists them. */
export function workspaces(): readonly string[] {
  return readManifest('.').workspaces ?? []
}
