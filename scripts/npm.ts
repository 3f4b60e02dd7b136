import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './shell.js'

// Packing the packages of this project, and installing them where nothing else is.

/** The parts of `npm pack --json` that are looked at here. */
export interface Tarball {
  readonly name: string
  /** Its path. */
  readonly file: string
  /** The paths in it. */
  readonly paths: readonly string[]
}

export interface Installed {
  readonly packages: readonly InstalledPackage[]
  /** Of all files, the blocks of a disk not counted. */
  readonly bytes: number
}

export interface InstalledPackage {
  readonly name: string
  /** The packages that it names as its dependencies. */
  readonly needs: readonly string[]
}

/** Whether an npm registry answers: it is asked for one package that this project pins. */
export function registryAnswers(): boolean {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>
  }
  const [[name, version] = ['', '']] = Object.entries(manifest.devDependencies)
  const patience = ['--fetch-retries=0', '--fetch-timeout=20000', '--prefer-online']
  try {
    const options = { stdio: 'ignore', timeout: 30_000 } as const
    execFileSync('npm', ['view', `${name}@${version}`, 'version', ...patience], options)
    return true
  } catch {
    return false
  }
}

/** Packs all workspaces of a project that is built. */
export async function packAll(root: string, folder: string): Promise<readonly Tarball[]> {
  await mkdir(folder, { recursive: true })
  const said = await run(root, 'npm', 'pack', '--workspaces', '--json', '--pack-destination', folder)
  return packedIn(said).map(({ name, filename, files }) => {
    return { name, file: join(folder, filename), paths: files.map(({ path }) => path) }
  })
}

interface Packed {
  readonly name: string
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

/** npm has answered both with a list and with an object by package name. Lifecycle scripts write before it. */
function packedIn(output: string): readonly Packed[] {
  const start = output.search(/^[[{]$/m)
  const parsed = JSON.parse(output.slice(start)) as readonly Packed[] | Record<string, Packed>
  return Object.values(parsed)
}

/** Makes an empty project that needs some of the packages. Each of ours comes out of its tarball: no registry has it. */
export async function installFrom(
  tarballs: readonly Tarball[],
  folder: string,
  ...names: readonly string[]
): Promise<void> {
  const sources = tarballs.map(({ name, file }) => [name, `file:${file}`] as const)
  const isNamed = ([name]: readonly [string, string]) => names.includes(name)
  const manifest = {
    private: true,
    dependencies: Object.fromEntries(sources.filter(isNamed)),
    overrides: Object.fromEntries(sources.filter((source) => !isNamed(source))),
  }
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  await run(folder, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund')
}

/** What npm put into a project. */
export async function installedIn(folder: string): Promise<Installed> {
  const modules = join(folder, 'node_modules')
  const lock = JSON.parse(await readFile(join(modules, '.package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dependencies?: Readonly<Record<string, string>> }>>
  }
  const packages = Object.entries(lock.packages).map(([path, { dependencies = {} }]) => {
    return { name: path.replace(/^.*node_modules\//, ''), needs: Object.keys(dependencies) }
  })
  return { packages, bytes: await sizeOf(modules) }
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory())
  const sizes = await Promise.all(files.map((file) => lstat(join(file.parentPath, file.name))))
  return sizes.reduce((sum, { size }) => sum + size, 0)
}
