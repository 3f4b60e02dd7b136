import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import type { EngineKind } from '../src/index.js'

// What a process that proves or verifies does to the world around it.

const SCRIPT = fileURLToPath(new URL('../testing/round-trip.ts', import.meta.url))
const NODE = [process.execPath, '--conditions=vouch:source', '--import', 'tsx']
const kinds: readonly EngineKind[] = ['native', 'wasm']

/** Fails to load noir_js and noir_wasm, whoever asks for them. */
const WITHOUT_NOIR = [
  '--import',
  dataUrl(
    `import { register } from 'node:module'; register(${JSON.stringify(
      dataUrl(`export async function resolve(name, context, next) {
      if (name.includes('@noir-lang')) throw new Error('noir was loaded')
      return next(name, context)
    }`),
    )})`,
  ),
]

const home = mkdtempSync(join(tmpdir(), 'vouch-home-'))
const temporary = mkdtempSync(join(tmpdir(), 'vouch-temporary-'))
afterEach(() => {
  for (const folder of [home, temporary]) {
    for (const entry of readdirSync(folder)) rmSync(join(folder, entry), { recursive: true })
  }
})

afterAll(() => {
  for (const folder of [home, temporary]) rmSync(folder, { recursive: true })
})

/** A network namespace of its own, with nothing in it. */
const CUT_OFF = ['unshare', '--map-root-user', '--net']

function run(words: readonly string[]) {
  const [command = '', ...rest] = words
  const env = { PATH: process.env.PATH, HOME: home, TMPDIR: temporary, TSX_DISABLE_CACHE: '1' }
  const { status, stdout, stderr } = spawnSync(command, rest, { env, encoding: 'utf8' })
  return { status, stdout, stderr }
}

const SILENT_SUCCESS = { status: 0, stdout: '', stderr: '' }

describe.each(kinds)('%s', (kind) => {
  test('proves and verifies without a word, and leaves nothing behind', () => {
    expect(run([...NODE, SCRIPT, 'prove', kind])).toEqual(SILENT_SUCCESS)
    expect(readdirSync(home)).toEqual([])
    expect(readdirSync(temporary)).toEqual([])
  })

  test('proves and verifies without a network', (context) => {
    needs.unshare(context)
    expect(run([...CUT_OFF, ...NODE, SCRIPT, 'prove', kind])).toEqual(SILENT_SUCCESS)
  })

  test('verifies without loading noir_js', () => {
    expect(run([...NODE, ...WITHOUT_NOIR, SCRIPT, 'verify', kind])).toEqual(SILENT_SUCCESS)
    const proving = run([...NODE, ...WITHOUT_NOIR, SCRIPT, 'prove', kind])
    expect(proving).toMatchObject({ stderr: expect.stringContaining('noir was loaded') })
  })
})

function dataUrl(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`
}
