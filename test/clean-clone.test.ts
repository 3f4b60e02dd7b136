import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { installedIn, installFrom, packAll, type Tarball } from '../scripts/npm.js'
import { run } from '../scripts/shell.js'
import { shellUnder } from './support/markdown.js'
import { LOOPBACK_ONLY, needs } from './support/needs.js'
import {
  pathInRepository,
  readInRepository,
  readManifest,
  repositoryFiles,
  workspaces,
} from './support/repository.js'

/** Each test goes on in the folders that the ones before it filled. */
const scratch = mkdtempSync(join(tmpdir(), 'vouch-clean-'))
const clone = join(scratch, 'clone')
const kept = join(scratch, 'kept for "later"')
const consumer = join(scratch, 'consumer')
const verifying = join(scratch, 'verifying')
let published: readonly Tarball[] = []

function step(name: string, test: () => Promise<void>): void {
  it(name, async (context) => {
    needs.registry(context)
    await test()
  })
}

/** How long the demo takes at the most on a machine that does nothing else; three times that is no noise any more. */
const DEMO_SECONDS = 60

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe('from a clean clone', () => {
  step('npm ci installs from the lock and builds', async () => {
    for (const path of repositoryFiles()) {
      mkdirSync(dirname(join(clone, path)), { recursive: true })
      cpSync(pathInRepository(path), join(clone, path))
    }
    await run(clone, 'npm', 'ci', '--prefer-offline')
  })

  step('npx runs the commands of this project, and no stranger of the same name', async () => {
    for (const { folder, command } of commands()) {
      const said = await run(clone, 'npx', '--no-install', command, '--version')
      expect(said.trim(), command).toBe(readManifest(folder).version)
    }
  })

  step('bob knows the pinned circuits', async () => {
    expectCircuits(await run(clone, 'npx', '--no-install', 'bob', 'circuits', '--json'))
  })

  it('with the network cut, the demo runs, and bob judges what it kept', async (context) => {
    needs.registry(context)
    needs.loopbackOnly(context)
    const told = await run(clone, ...LOOPBACK_ONLY, 'npm', 'run', 'demo', '--', '--keep', kept)
    expect(told).toContain('Bob did not learn')
    expect(Number(/^([\d.]+) s in all$/m.exec(told)?.[1])).toBeLessThan(3 * DEMO_SECONDS)
    const [judge = ''] = /^ *npx --no-install bob verify (?:.*\\\n)*.*$/m.exec(told) ?? []
    const said = told.slice(told.indexOf('\nMachines\n'), told.indexOf('\nKept in '))
    expect(said.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(await run(clone, ...LOOPBACK_ONLY, 'sh', '-c', judge)).toMatch(/^accepted$/m)
  })

  it('with the network cut, whoever copies the README proves a response of a service of their own', async (context) => {
    needs.registry(context)
    needs.loopbackOnly(context)
    needs.curl(context)
    const copied = shellUnder('Your own service, in five minutes', readInRepository('README.md'))
    const script = `trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\nset -eu\n${copied}`
    const inScratch = ['env', `TMPDIR=${scratch}`, 'timeout', '300', 'bash', '-c', script]
    const told = await run(clone, ...LOOPBACK_ONLY, ...inScratch)
    expect(told).toMatch(/^accepted\n {2}response +"1.08 for EUR"$/m)
  })

  step('each package holds its licence and all that it exports, and no tests', async () => {
    published = await packAll(clone, join(scratch, 'tarballs'))
    expect(published.map(({ name }) => name).sort()).toEqual(
      workspaces()
        .map((it) => readManifest(it).name)
        .sort(),
    )
    for (const { name, paths } of published) {
      expect(paths, name).toEqual(expect.arrayContaining(['LICENSE', 'package.json', ...entryPoints(name)]))
      expect(paths.filter(isSourceOrTest), name).toEqual([])
    }
  })

  step('the packages work where only they are installed', async () => {
    mkdirSync(consumer)
    await run(consumer, 'npm', 'init', '--yes')
    const files = published.map(({ file }) => file)
    await run(consumer, 'npm', 'install', '--prefer-offline', '--no-audit', ...files)
    await run(consumer, 'node', '--input-type=module', '--eval', importAll(publicModules()))
    const bob = join('node_modules', '.bin', 'bob')
    expectCircuits(await run(consumer, bob, 'circuits', '--json'))
    await run(consumer, bob, 'doctor', '--json')
  })

  step('the verifier alone brings what judges bundles, and no more', async () => {
    await installFrom(published, verifying, '@vouch/verifier')
    const { packages } = await installedIn(verifying)
    const names = packages.map(({ name }) => name)
    const ours = names.filter((name) => name.startsWith('@vouch/'))
    expect(ours.sort()).toEqual(['@vouch/circuits', '@vouch/protocol', '@vouch/verifier'])
    expect(names).not.toContain('yaml')
    expect(names).not.toContain('viem')
    // The proving library has commands of its own.
    const commanding = packages.filter(({ needs }) => needs.includes('commander'))
    expect(commanding.map(({ name }) => name)).toEqual(['@aztec/bb.js'])
  })

  it('with the network cut, the verifier alone judges what the demo kept', async (context) => {
    needs.registry(context)
    needs.loopbackOnly(context)
    cpSync(pathInRepository('test/support/judge-bundle.mjs'), join(verifying, 'judge-bundle.mjs'))
    const said = await run(verifying, ...LOOPBACK_ONLY, 'node', 'judge-bundle.mjs', kept)
    expect(said).toBe('the answer is 42')
  })

  step('what the verifier keeps in folders needs the host, and says so', async () => {
    const open = () =>
      run(verifying, 'node', '--input-type=module', '--eval', importAll(['@vouch/verifier/node']))
    await expect(open()).rejects.toThrow("Cannot find package '@vouch/host'")
    await installFrom(published, verifying, '@vouch/verifier', '@vouch/host')
    await open()
  })
})

function commands(): readonly { folder: string; command: string }[] {
  return workspaces().flatMap((folder) =>
    Object.keys(readManifest(folder).bin ?? {}).map((command) => ({ folder, command })),
  )
}

/** `@vouch/circuits/node` and the like. A pattern, such as `./src/*.sol`, exports files that are no modules. */
function publicModules(): readonly string[] {
  return workspaces().flatMap((folder) => {
    const { name, exports = {} } = readManifest(folder)
    const modules = Object.keys(exports).filter((path) => !path.includes('*'))
    return modules.map((path) => posix.join(name, path))
  })
}

function importAll(modules: readonly string[]): string {
  return modules.map((module) => `await import(${JSON.stringify(module)})`).join('\n')
}

/** Each circuit with a source has a pinned key. */
function expectCircuits(json: string): void {
  const pinned = (JSON.parse(json) as readonly { name: string }[]).map(({ name }) => name)
  const sources = repositoryFiles().flatMap(
    (path) => /^circuits\/bin\/([^/]+)\/Nargo\.toml$/.exec(path)?.[1] ?? [],
  )
  expect(sources).toContain('respond')
  expect([...pinned].sort()).toEqual([...sources].sort())
}

function entryPoints(name: string): readonly string[] {
  const folder = workspaces().find((workspace) => readManifest(workspace).name === name) ?? name
  const { exports = {}, bin = {} } = readManifest(folder)
  const exported = Object.values(exports).flatMap((conditions) =>
    Object.entries(conditions).filter(([condition]) => condition !== 'vouch:source'),
  )
  return [...exported.map(([, path]) => path), ...Object.values(bin)].flatMap((path) =>
    filesOf(folder, path.replace(/^\.\//, '')),
  )
}

/** The file that an export leads to; of a pattern, every file that it stands for. */
function filesOf(folder: string, path: string): readonly string[] {
  const [start = '', end] = path.split('*')
  if (end === undefined) return [path]
  const files = repositoryFiles().map((file) => posix.relative(folder, file))
  return files.filter((file) => file.startsWith(start) && file.endsWith(end))
}

function isSourceOrTest(path: string): boolean {
  return (
    /(^|\/)(tests?|testing|build)\//.test(path) || /\.test\./.test(path) || /(?<!\.d)\.[cm]?ts$/.test(path)
  )
}
