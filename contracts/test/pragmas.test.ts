import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CONTRACTS } from '../build/forge.js'

// What a project with a compiler of its own imports compiles there, too; what is deployed is compiled by one compiler alone.

/** Importable source → the oldest compiler that takes it and all that it imports, as a package that is installed here. */
const FLOORS: Readonly<Record<string, string>> = {
  'Acceptances.sol': 'solc-0.8.13', // ("memory-safe") in Poseidon2
  'Envelopes.sol': 'solc-0.8.13', // it comes with the interface, so it needs no lower floor
  'IVouchVerifier.sol': 'solc-0.8.13',
  'Poseidon2.sol': 'solc-0.8.13',
  'Requests.sol': 'solc-0.8.13',
  'Statements.sol': 'solc-0.8.13',
  'examples/VouchedBoard.sol': 'solc-0.8.18', // parameters of mappings have names
}
const NEWEST = 'solc'

const sourceOf = (path: string): string => readFileSync(join(CONTRACTS, 'src', path), 'utf8')
const pragmaOf = (source: string): string | undefined => /^pragma solidity (.+);$/m.exec(source)?.[1]
const importsOf = (source: string): readonly string[] =>
  [...source.matchAll(/^import .* from "(.+)";$/gm)].map(([, path = '']) => path)

/** All Solidity of `src/`, as paths below it. */
const all = readdirSync(join(CONTRACTS, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.sol'))
  .map((path) => path.replaceAll('\\', '/'))
  .sort()

type Sources = Readonly<Record<string, { readonly content: string }>>

/** A source and all that it imports, under the names that the compiler asks for. */
function closureOf(path: string, read: (path: string) => string, found: Sources = {}): Sources {
  if (found[path] !== undefined) return found
  const content = read(path)
  return importsOf(content)
    .map((target) => (target.startsWith('.') ? posix.join(posix.dirname(path), target) : target))
    .reduce((sources, target) => closureOf(target, read, sources), { ...found, [path]: { content } })
}

const COMPILE =
  'process.stdout.write(require(process.argv[1]).compile(require("fs").readFileSync(0, "utf8")))'

/** What a compiler complains of. In a process of its own: its WebAssembly listens to the process's errors. */
function complaints(compiler: string, sources: Sources, isOptimised: boolean): readonly string[] {
  const settings = {
    optimizer: { enabled: isOptimised },
    outputSelection: { '*': { '*': ['evm.bytecode.object'] } },
  }
  const input = JSON.stringify({ language: 'Solidity', sources, settings })
  const output = execFileSync(process.execPath, ['-e', COMPILE, compiler], {
    cwd: CONTRACTS,
    input,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const { errors = [] } = JSON.parse(output) as { errors?: readonly { formattedMessage: string }[] }
  return errors.map(({ formattedMessage }) => formattedMessage)
}

describe('a source that others import', () => {
  const importable = Object.keys(FLOORS)

  it('imports nothing that others cannot import', () => {
    const sources = importable.reduce<Sources>((found, path) => closureOf(path, sourceOf, found), {})
    expect(Object.keys(sources).sort()).toEqual(importable)
  })

  it.each([...new Set(Object.values(FLOORS)), NEWEST])(
    'compiles with the compiler that is %s',
    (compiler) => {
      const paths = importable.filter((path) => compiler === NEWEST || FLOORS[path] === compiler)
      const sources = paths.reduce<Sources>((found, path) => closureOf(path, sourceOf, found), {})
      for (const isOptimised of [false, true]) expect(complaints(compiler, sources, isOptimised)).toEqual([])
    },
  )

  it('says which compilers take it; what is deployed names the one that it is compiled by', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(CONTRACTS, 'package.json'), 'utf8'))
    const expected = all.map((path) => {
      const floor = FLOORS[path]
      return [path, floor === undefined ? devDependencies[NEWEST] : floor.replace('solc-', '^')]
    })
    expect(all.map((path) => [path, pragmaOf(sourceOf(path))])).toEqual(expected)
    for (const floor of Object.values(FLOORS))
      expect(devDependencies[floor]).toBe(`npm:${floor.replace('-', '@')}`)
  })
})

describe("a project of an integrator's own", () => {
  const project = mkdtempSync(join(tmpdir(), 'vouch-integrator-'))

  beforeAll(() => {
    mkdirSync(join(project, 'node_modules', '@vouch'), { recursive: true })
    symlinkSync(CONTRACTS, join(project, 'node_modules', '@vouch', 'contracts'))
  })
  afterAll(() => rmSync(project, { recursive: true, force: true }))

  /** Where Node finds what a package exports, which is how Hardhat 3 finds imports: by the condition `default` alone. */
  const resolved = (specifier: string): string => {
    const words = ['--input-type=module', '--eval', 'console.log(import.meta.resolve(process.argv[1]))']
    const options = { cwd: project, encoding: 'utf8', stdio: 'pipe' } as const
    const said = execFileSync(process.execPath, [...words, specifier], options)
    return fileURLToPath(said.trim())
  }

  it('finds every source in the package', () => {
    for (const path of all)
      expect(readFileSync(resolved(`@vouch/contracts/src/${path}`), 'utf8')).toBe(sourceOf(path))
    expect(() => resolved('@vouch/contracts/src/consumer.ts')).toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })

  it('compiles the contract of docs/contracts.md with what it imports from the package', () => {
    const mine = readFileSync(join(CONTRACTS, 'test', 'harness', 'MyContract.sol'), 'utf8')
      .replace(/^pragma solidity .*;$/m, 'pragma solidity ^0.8.18;')
      .replaceAll('../../src/', '@vouch/contracts/src/')
    const read = (path: string): string =>
      path === 'MyContract.sol' ? mine : readFileSync(resolved(path), 'utf8')
    const sources = closureOf('MyContract.sol', read)
    expect(Object.keys(sources)).toContain('@vouch/contracts/src/IVouchVerifier.sol')
    for (const compiler of ['solc-0.8.18', NEWEST])
      expect(complaints(compiler, sources, true), compiler).toEqual([])
  })
})
