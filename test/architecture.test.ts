import { statSync } from 'node:fs'
import { posix } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { importsOf } from './support/imports.js'
import { LAYERS, type Package, type Source, violations } from './support/layers.js'
import { declaredNames } from './support/public-names.js'
import {
  pathInRepository,
  readInRepository,
  readManifest,
  repositoryFiles,
  workspaces,
} from './support/repository.js'
import { circles, declaredCircles, EVIDENCE, intruders, strays } from './support/rooms.js'

const MAX_LINES = 300

/** The code of a package that others run: tests, build scripts and test runners are no part of it. */
const packages: readonly Package[] = workspaces().map((folder) => ({
  manifest: readManifest(folder),
  sources: repositoryFiles()
    .filter((path) => new RegExp(`^${folder}/(src|node|service|bin)/.*\\.[cm]?[jt]s$`).test(path))
    .map((path) => sourceFile(folder, path)),
}))

function sourceFile(folder: string, path: string): Source {
  return { path: path.slice(folder.length + 1), imports: importsOf(readInRepository(path)) }
}

/** Tests, and what they stand on. */
const testFiles = (): readonly Source[] =>
  repositoryFiles()
    .filter((path) => /(^|\/)test(ing)?\/.*\.ts$/.test(path))
    .map((path) => ({ path, imports: importsOf(readInRepository(path)) }))

/** Whether a path leads out of one package and into another. */
function isInAnother(path: string, target: string): boolean {
  const [from, to] = [path, posix.join(posix.dirname(path), target)].map((place) => place.split('/')[0] ?? '')
  const owned = workspaces()
  return target.startsWith('.') && from !== to && owned.includes(from ?? '') && owned.includes(to ?? '')
}

describe('the packages', () => {
  it('import downwards only, purely from src/, and what they declare', () => {
    expect(packages.flatMap(({ sources }) => sources).length).toBeGreaterThan(20)
    expect(violations(packages)).toEqual([])
  })

  it.each(packages)('have no files that import each other in a circle: $manifest.name', ({ sources }) => {
    expect(circles(sources)).toEqual([])
  })

  it('have rooms, where that is evidence: imports go downwards, and from vendor to vendor where the hardware does', () => {
    const sources = packages.find(({ manifest }) => manifest.name === '@vouch/evidence')?.sources ?? []
    const pure = sources.filter(({ path }) => path.startsWith('src/'))
    expect(pure.length).toBeGreaterThan(100)
    expect(strays(pure, EVIDENCE)).toEqual([])
    expect(declaredCircles(EVIDENCE)).toEqual([])
  })

  it('are known by their entries, where that is evidence: none but its own files and tests name what is inside', () => {
    const sources = repositoryFiles()
      .filter((path) => /\.[cm]?[jt]s$/.test(path))
      .map((path) => ({ path, imports: importsOf(readInRepository(path)) }))
    expect(sources.length).toBeGreaterThan(500)
    expect(intruders(sources, 'evidence')).toEqual([])
  })

  it('have tests and support for tests that name the files of other packages by their entries', () => {
    const reaching = testFiles().flatMap(({ path, imports }) =>
      imports
        .filter((target) => isInAnother(path, target))
        .map((target) => `${path}: '${target}': import it by the entry of its package`),
    )
    expect(reaching).toEqual([])
  })

  it('share what tests share in fixtures/: the demo is tested by its own tests alone', () => {
    const reaching = testFiles().filter(({ imports }) =>
      imports.some((target) => /scripts\/demo\//.test(target)),
    )
    expect(reaching.map(({ path }) => path)).toEqual(['test/demo-lines.test.ts'])
  })

  it('export each name from one file: a reader who meets a name knows what it is', () => {
    const files = repositoryFiles().filter((path) => /^[^/]+\/(src|node|service)\/.*\.ts$/.test(path))
    const places = new Map<string, string[]>()
    for (const path of files)
      for (const name of declaredNames(path)) places.set(name, [...(places.get(name) ?? []), path])
    expect([...places].filter(([, paths]) => paths.length > 1)).toEqual([])
  })

  it(`have no source file of more than ${MAX_LINES} lines`, () => {
    const long = repositoryFiles()
      .filter((path) => /^[^/]+\/(src|node|service)\/.*\.ts$/.test(path))
      .map((path) => ({ path, lines: readInRepository(path).split('\n').length - 1 }))
      .filter(({ lines }) => lines > MAX_LINES)
    expect(long).toEqual([])
  })

  it('rename files in one place, which syncs the folder: a name that a power cut takes back was never given', () => {
    const renaming = /import \{[^}]*\brename(Sync)?\b[^}]*\} from 'node:fs(\/promises)?'/
    const places = repositoryFiles()
      .filter((path) => /^[^/]+\/(src|node|service|build)\/.*\.ts$/.test(path))
      .filter((path) => renaming.test(readInRepository(path)))
    // A socket's name lasts no longer than its process.
    expect(places).toEqual(['host/node/files/files.ts', 'registry/node/control.ts'])
  })

  it('pin every version exactly, and one another at the version they have', () => {
    const own = new Map(packages.map(({ manifest }) => [manifest.name, manifest.version]))
    const loose = ['.', ...workspaces()].flatMap((folder) => {
      const { dependencies, devDependencies, optionalDependencies, peerDependencies } = readManifest(folder)
      const declared = { ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies }
      return Object.entries(declared)
        .filter(([name, version]) => !isPinned(version) || (own.get(name) ?? version) !== version)
        .map(([name, version]) => `${folder}: ${name} ${version}`)
    })
    expect(loose).toEqual([])
  })

  it('have commands that npm can link before anything is built', () => {
    const commands = workspaces().flatMap((folder) =>
      Object.values(readManifest(folder).bin ?? {}).map((path) => `${folder}/${path}`),
    )
    const executable = (path: string) => (statSync(pathInRepository(path)).mode & 0o111) !== 0
    const missing = commands.filter((path) => !repositoryFiles().includes(path) || !executable(path))
    expect(missing).toEqual([])
  })

  it('compile src/ without the types of Node, and are all built', () => {
    const { references } = JSON.parse(readInRepository('tsconfig.json')) as { references: { path: string }[] }
    const built = references.map(({ path }) => path).sort()
    const projects = repositoryFiles().filter((path) =>
      /^[^/]+\/(src|node|service)\/tsconfig\.json$/.test(path),
    )
    expect(built).toEqual(projects.map((path) => path.replace('/tsconfig.json', '')).sort())
    for (const path of projects.filter((project) => project.includes('/src/'))) {
      expect(compilerOptions(path).types, path).toEqual([])
    }
  })
})

/** One version, of the package itself or of another that stands under its name: `npm:solc@0.8.13`. */
function isPinned(version: string): boolean {
  return /^(npm:[^@]+@)?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version)
}

function compilerOptions(path: string): ts.CompilerOptions {
  const file = pathInRepository(path)
  const config: unknown = ts.readConfigFile(file, ts.sys.readFile).config
  return ts.parseJsonConfigFileContent(config, ts.sys, file.replace(/[^/]*$/, '')).options
}

describe('importsOf', () => {
  it('finds every form of import, and no string that only looks like one', () => {
    const text = `
      import a from 'default'
      import type { B } from 'types'
      import 'effect'
      export * from 'all'
      export { c } from 'named'
      const d = await import('lazy')
      const e: import('inline').E = require('required')
      import f = require('assigned')
      // import 'comment'
      const g = "import 'string'"
    `
    const found = ['default', 'types', 'effect', 'all', 'named', 'lazy', 'inline', 'required', 'assigned']
    expect([...importsOf(text)].sort()).toEqual(found.sort())
  })

  it('refuses an import whose target only a run would tell', () => {
    expect(() => importsOf('await import(name)')).toThrow('import of a computed name')
  })
})

describe('the checker catches', () => {
  const declared = {
    '@vouch/protocol': '0.1.0',
    '@vouch/host': '0.1.0',
    '@aztec/bb.js': '5.0.0',
    commander: '14.0.3',
  }
  const made = (name: string, path: string, ...imports: string[]): readonly Package[] => [
    {
      manifest: { name: `@vouch/${name}`, version: '0.1.0', dependencies: declared },
      sources: [{ path, imports }],
    },
  ]

  const file = (name: string, ...imports: string[]): Source => ({ path: `src/${name}.ts`, imports })

  it('nothing in a made-up package that keeps the rules', () => {
    expect(violations(made('verifier', 'src/a.ts', './b.js', '@vouch/protocol'))).toEqual([])
    expect(violations(made('cli', 'node/a.ts', './b.js', 'node:fs', 'commander'))).toEqual([])
    expect(violations(made('circuits', 'src/a.ts', '@aztec/bb.js'))).toEqual([])
  })

  it.each<[string, readonly Package[], string]>([
    [
      'an import upwards',
      made('protocol', 'src/a.ts', '@vouch/verifier'),
      'protocol must not import verifier',
    ],
    ['an import sideways', made('agent', 'node/a.ts', '@vouch/registry'), 'agent must not import registry'],
    ['a package with no layer', made('stranger', 'src/a.ts'), 'stranger has no layer'],
    ['node: in src/', made('verifier', 'src/a.ts', 'node:fs'), 'src/ is isomorphic'],
    ['a bare builtin in src/', made('verifier', 'src/a.ts', 'fs/promises'), 'src/ is isomorphic'],
    ['a bare builtin in node/', made('verifier', 'node/a.ts', 'fs'), 'written with node:'],
    ['node/ from src/', made('verifier', 'src/deep/a.ts', '../../node/b.js'), 'src/ is isomorphic'],
    [
      "another package's node/ from src/",
      made('verifier', 'src/a.ts', '@vouch/host/node'),
      'src/ is isomorphic',
    ],
    [
      "what is Node's, under another name",
      made('verifier', 'src/a.ts', '@vouch/host/http'),
      'src/ is isomorphic',
    ],
    [
      'a path out of the package',
      made('verifier', 'src/a.ts', '../../protocol/src/b.js'),
      'leaves the package',
    ],
    ['a relative import without .js', made('verifier', 'src/a.ts', './b'), 'end in .js'],
    ['the backend outside circuits', made('verifier', 'src/a.ts', '@aztec/bb.js'), 'only circuits'],
    ['the compiler outside circuits', made('prover', 'node/a.ts', '@noir-lang/noir_js'), 'only circuits'],
    ['viem outside chain', made('prover', 'node/a.ts', 'viem'), 'only chain imports viem'],
    ['an undeclared package', made('chain', 'node/a.ts', 'viem'), 'does not declare viem'],
  ])('%s', (_, graph, message) => {
    expect(violations(graph).join('\n')).toContain(message)
  })

  it.each<[string, readonly Source[], readonly string[]]>([
    ['nothing in files that import downwards', [file('a', './b.js'), file('b')], []],
    ['two files that import each other', [file('a', './b.js'), file('b', './a.js')], ['a b']],
    ['a file that imports itself', [file('a', './a.js')], ['a']],
    ['a circle of three', [file('a', './b.js'), file('b', './c.js'), file('c', './a.js')], ['a b c']],
    [
      'two circles apart, and nothing of what only leads into one',
      [file('a', './b.js'), file('b', './a.js'), file('c', './a.js', './d.js'), file('d', './d.js')],
      ['a b', 'd'],
    ],
  ])('%s', (_, sources, found) => {
    const names = circles(sources).map((circle) => circle.join(' ').replaceAll(/src\/|\.ts/g, ''))
    expect(names).toEqual(found)
  })

  it.each<[string, Source, string]>([
    ['the floor on a vendor', file('core/a', '../vendors/snp/b.js'), 'upwards: src/vendors/snp/b.ts'],
    ['x509 on the tables', file('x509/a', '../tables/b.js'), 'upwards: src/tables/b.ts'],
    ['a vendor on what reads', file('vendors/tpm/a', '../../read/b.js'), 'upwards: src/read/b.ts'],
    ['a vendor on the public names', file('vendors/tpm/a', '../../index.js'), 'upwards: src/index.ts'],
    ['the tables on what reads', file('tables/a', '../read/b.js'), 'upwards: src/read/b.ts'],
    ['what judges on what is simulated', file('judge', './simulated.js'), 'apart: src/simulated.ts'],
    ['a vendor on what makes its evidence', file('vendors/snp/index', './simulated.js'), 'what stands apart'],
    ['a check on what issues certificates', file('x509/chain', './issue/schemes.js'), 'what stands apart'],
    [
      'what vendors stand on, on a vendor',
      file('vendors/a', './nitro/b.js'),
      'upwards: src/vendors/nitro/b.ts',
    ],
    [
      'a vendor on another that it does not stand on',
      file('vendors/nitro/a', '../tpm/b.js'),
      'sideways: src/vendors/tpm/b.ts',
    ],
    [
      'a vendor on one that stands on it',
      file('vendors/snp/a', '../azure/b.js'),
      'sideways: src/vendors/azure/b.ts',
    ],
    ['a vendor that is not declared', file('vendors/ninth/a'), 'ninth is not declared'],
    ['a file in no room', file('stray'), 'is in no room'],
  ])('in the rooms of evidence: %s', (_, source, complaint) => {
    expect(strays([source], EVIDENCE)).toEqual([expect.stringContaining(complaint)])
  })

  it('in the rooms of evidence: nothing that keeps their order', () => {
    const kept = [
      file('vendors/azure/a', '../snp/b.js', '../vendor.js', './c.js', '../../core/der/d.js'),
      file('read/a', '../tables/b.js', '../vendors/nvidia/c.js', './d.js', '@vouch/protocol'),
      file('vendors/snp/simulated', '../../x509/issue/schemes.js', './types.js'),
      file('simulated', './vendors/snp/simulated.js'),
    ]
    expect(strays(kept, EVIDENCE)).toEqual([])
  })

  it('vendors that are declared to stand on each other', () => {
    const vendors = { ...EVIDENCE.side['src/vendors'], snp: ['azure'] }
    expect(declaredCircles({ ...EVIDENCE, side: { 'src/vendors': vendors } })).toEqual(['azure.ts snp.ts'])
  })

  it('a path into evidence from outside, and none from its own tests', () => {
    const outside = { path: 'fixtures/a.ts', imports: ['../evidence/src/core/b.js', '@vouch/evidence'] }
    const own = { path: 'evidence/test/a.test.ts', imports: ['../src/core/b.js'] }
    const support = { path: 'registry/test/a.ts', imports: ['../../evidence/test/support/b.js'] }
    const found = ['fixtures/a.ts names evidence/src/core/b.ts']
    expect(intruders([outside, own, support], 'evidence')).toEqual(found)
  })

  it('a cycle in the layers themselves, of which there is none', () => {
    const reaches = (from: string, seen: readonly string[]): boolean =>
      (LAYERS[from] ?? []).some((next) => seen.includes(next) || reaches(next, [...seen, next]))
    expect(Object.keys(LAYERS).filter((name) => reaches(name, [name]))).toEqual([])
  })
})
