import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file of a crate. */
export interface SourceFile {
  /** As people name it, from the project's root. */
  readonly path: string
  readonly text: string
}

/** A Noir crate in this tree. */
export interface Crate {
  readonly name: string
  readonly folder: string
  readonly sources: readonly SourceFile[]
  /** `src/tests.nr`, if there is one. */
  readonly tests: SourceFile | undefined
}

export const CIRCUITS_FOLDER = fileURLToPath(new URL('..', import.meta.url))

/** The crates under `circuits/lib` or `circuits/bin`, here or in a copy. They are found by looking: a list would be forgotten. */
export function cratesIn(kind: 'lib' | 'bin', circuits = CIRCUITS_FOLDER): Crate[] {
  const folder = join(circuits, kind)
  return readdirSync(folder)
    .sort()
    .filter((name) => existsSync(join(folder, name, 'Nargo.toml')))
    .map((name) => readCrate(join(folder, name), `circuits/${kind}/${name}`))
}

function readCrate(folder: string, shownAs: string): Crate {
  const name = /^name = "(\w+)"$/m.exec(readFileSync(join(folder, 'Nargo.toml'), 'utf8'))?.[1]
  if (name === undefined) throw new Error(`${shownAs}/Nargo.toml must name its crate`)
  const files = readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.nr'))
    .sort()
    .map((file) => ({
      path: `${shownAs}/src/${file}`,
      text: readFileSync(join(folder, 'src', file), 'utf8'),
    }))
  const isTests = ({ path }: SourceFile) => path === `${shownAs}/src/tests.nr`
  return { name, folder, sources: files.filter((file) => !isTests(file)), tests: files.find(isTests) }
}
