import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeArguments, Program } from '../../scripts/program.js'
import { pathInRepository, readInRepository, repositoryFiles } from './repository.js'

/** Every quick start, as a path in the repository. */
export const quickstarts = (): readonly string[] =>
  repositoryFiles().filter((path) => /^docs\/quickstart-[a-z]+\.md$/.test(path))

/** A page's blocks of TypeScript, in order. */
export const programsIn = (markdown: string): readonly string[] =>
  [...markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)

/** Blocks that a reader writes into a file from a shell: `cat > NAME.mjs <<'END'`. */
export const filesIn = (markdown: string): readonly string[] =>
  [...markdown.matchAll(/^cat > \S+\.m?[jt]s <<'END'\n([\s\S]*?)^END$/gm)].map(([, block = '']) => block)

/** The program of a page: a reader who copies all its blocks has it. */
export const programIn = (markdown: string): string => programsIn(markdown).join('\n')

/** A folder outside the project that has its packages installed, as a reader's own would. */
export interface ReadersFolder {
  readonly path: string
  /** Copies a page's program into a file here. */
  copy(page: string): Promise<string>
  /** Runs it, from the sources of the packages. */
  run(page: string, env?: Readonly<Record<string, string>>): Promise<Program>
  remove(): Promise<void>
}

export async function readersFolder(above: string = tmpdir()): Promise<ReadersFolder> {
  const path = await mkdtemp(join(above, 'vouch-quickstart-'))
  await symlink(pathInRepository('node_modules'), join(path, 'node_modules'))
  await writeFile(join(path, 'package.json'), '{ "type": "module" }\n')
  const copy = async (page: string): Promise<string> => {
    const file = join(path, `${page.replace(/^docs\/|\.md$/g, '').replaceAll('/', '-')}.ts`)
    await writeFile(file, programIn(readInRepository(page)))
    return file
  }
  return {
    path,
    copy,
    run: async (page, env = {}) => new Program(nodeArguments(await copy(page)), { folder: path, env }),
    remove: () => rm(path, { recursive: true, force: true }),
  }
}
