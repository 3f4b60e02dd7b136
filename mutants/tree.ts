import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** A copy of the project that mutants are written to. The working tree is never changed. */
export interface Tree {
  readonly folder: string
  /** Paths from the project's root. */
  readonly files: readonly string[]
  read(file: string): string
  write(file: string, text: string): void
  remove(): void
}

/** Files of the project, by their paths from its root. */
function listed(): readonly string[] {
  return execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: ROOT, encoding: 'utf8' })
    .split('\0')
    .filter((name) => name !== '' && existsSync(join(ROOT, name)))
}

/** Copies the files that git tracks or would add, and the compiled contracts. Foreign packages are linked. */
export function copyTree(): Tree {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'vouch-mutants-')))
  const files = listed()
  for (const file of files) copy(file, folder)
  if (existsSync(join(ROOT, 'contracts/generated'))) copy('contracts/generated', folder)
  // A build that is under way in the working tree holds this lock; the copy has none.
  rmSync(join(folder, 'contracts/generated/lock'), { recursive: true, force: true })
  linkPackages(folder)
  return {
    folder,
    files,
    read: (file) => readFileSync(join(folder, file), 'utf8'),
    write: (file, text) => writeFileSync(join(folder, file), text),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function copy(file: string, folder: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  cpSync(join(ROOT, file), join(folder, file), { recursive: true })
}

/** npm links `@vouch/*` to folders of the working tree. In the copy these names must lead into the copy. */
function linkPackages(folder: string): void {
  const [from, to] = [join(ROOT, 'node_modules'), join(folder, 'node_modules')]
  mkdirSync(join(to, '@vouch'), { recursive: true })
  for (const name of readdirSync(from).filter((entry) => entry !== '@vouch' && entry !== '.cache')) {
    symlinkSync(join(from, name), join(to, name))
  }
  for (const name of readdirSync(join(from, '@vouch')))
    symlinkSync(join('../..', name), join(to, '@vouch', name))
}
