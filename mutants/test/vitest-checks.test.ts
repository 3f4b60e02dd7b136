import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pathInRepository } from '../../test/support/repository.js'
import type { Check } from '../check.js'
import { vitestChecks } from '../checks/vitest.js'

// Vitest stays warm between mutants. What an earlier one broke must kill no later one: its survivors would never be seen.

const CONFIG = `
export default { test: { projects: [{ test: { name: 'units', include: ['*.test.ts'] } }] } }
`
const testOf = (source: string) => `
import { expect, it } from 'vitest'
import { one } from './${source}.js'
it('${source} is one', () => expect(one).toBe(1))
`

let folder: string
let first: Check
let second: Check

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vouch-mutants-test-'))
  symlinkSync(pathInRepository('node_modules'), join(folder, 'node_modules'))
  write('package.json', '{ "type": "module" }')
  write('vitest.config.js', CONFIG)
  for (const name of ['a', 'b']) {
    write(`${name}.ts`, 'export const one = 1')
    write(`${name}.test.ts`, testOf(name))
  }
  const [a, b] = [
    ...vitestChecks(folder, 'a.ts', ['a.test.ts']),
    ...vitestChecks(folder, 'b.ts', ['b.test.ts']),
  ]
  if (a === undefined || b === undefined) throw new Error('there are two checks')
  ;[first, second] = [a, b]
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a warm Vitest', () => {
  it('names what fails, and forgets it once the source is as it was', async () => {
    expect(await first.firstFailure()).toBeUndefined()
    write('a.ts', 'export const one = 2')
    expect(await first.firstFailure()).toBe('a is one')
    write('a.ts', 'export const one = 1')
    expect(await second.firstFailure()).toBeUndefined()
    expect(await first.firstFailure()).toBeUndefined()
  })
})
