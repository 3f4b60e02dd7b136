import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { filesBelow, ROOT, read, staleFiles, VERDICTS, vectorFile } from '../../fixtures/corpus.js'
import { statements } from '../../fixtures/statements/index.js'

it('vectors and schemas are what npm run vectors writes', () => {
  expect(staleFiles()).toEqual([])
})

describe('the second implementation, of Node alone', () => {
  const verifier = join(ROOT, 'fixtures/interop/verify.mjs')
  const copy = mkdtempSync(join(tmpdir(), 'vouch-vectors-'))
  afterAll(() => rmSync(copy, { recursive: true }))

  it('imports nothing but node: and its own files, and the proof system where proofs are verified', () => {
    const imported = filesBelow('fixtures/interop').map((path) => ({
      path,
      imports: [...read(path).matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(([, name]) => name ?? ''),
    }))
    const foreign = imported.flatMap(({ path, imports }) =>
      imports.filter((name) => !/^node:|^\.\/\w+\.mjs$/.test(name)).map((name) => [path, name]),
    )
    expect(imported.flatMap(({ imports }) => imports).length).toBeGreaterThan(20)
    expect(foreign).toEqual([['fixtures/interop/proof.mjs', '@aztec/bb.js']])
  })

  it('reproduces every vector, and reaches every verdict', () => {
    const words = execFileSync(process.execPath, [verifier], { encoding: 'utf8' })
    for (const { id } of statements) expect(words).toMatch(new RegExp(`^${id}: [1-9]`, 'm'))
    expect(words).toContain(`\n${filesBelow(VERDICTS).length} verdicts reached\n`)
  })

  it.each([
    'p2',
    'service-tree',
    'head',
    'envelope',
    'answer',
    'respond-inputs',
    'nonce-ticket',
    'record-hash',
  ])('stops at a changed vector of %s', (id) => {
    cpSync(join(ROOT, 'fixtures/vectors'), copy, { recursive: true })
    const file = join(copy, id, 'expected.json')
    const text = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      text.replace(/[0-9a-f](?=[^0-9a-f]*$)/, (digit) => (digit === '0' ? '1' : '0')),
    )
    const { status, stderr } = spawnSync(process.execPath, [verifier, copy], { encoding: 'utf8' })
    expect(stderr).toContain(`interop: error: ${id}, `)
    expect(status).toBe(1)
  })

  it.each([
    ['code', 'nonce-mismatch.json', /NONCE_MISMATCH/],
    ['proof', 'accepted-eip191.json', /(?<="proof": ")./],
    ['second', 'accepted-response-oldest.json', /0(?=,\n {2}"acceptance")/],
  ])('stops at a verdict that has another %s', (_, name, place) => {
    cpSync(join(ROOT, 'fixtures/vectors'), copy, { recursive: true })
    const file = join(copy, 'verdict', name)
    const text = readFileSync(file, 'utf8')
    const changed = text.replace(place, (found) => (found === '1' ? '2' : '1'))
    expect(changed).not.toBe(text)
    writeFileSync(file, changed)
    const { status, stderr } = spawnSync(process.execPath, [verifier, copy], { encoding: 'utf8' })
    expect(stderr).toContain(`interop: error: verdict, ${name}: `)
    expect(status).toBe(1)
  })

  it('stops at vectors that it does not know', () => {
    cpSync(join(ROOT, vectorFile('p2')), join(copy, 'p3', 'expected.json'))
    const { status, stderr } = spawnSync(process.execPath, [verifier, copy], { encoding: 'utf8' })
    expect(stderr).toContain('vectors that nothing here reproduces: p3')
    expect(status).toBe(1)
  })
})
