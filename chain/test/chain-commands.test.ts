import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { start } from '@vouch/cli/testing/registrar'
import { printAdmissionPolicy } from '@vouch/evidence'
import { scratch } from '@vouch/registry/testing/registries'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { noAddress, policy, startLyingServer, startTestChain, type TestChain } from '../testing/chains.js'

// `registrar` on a chain, as the processes that operators start: what they say, and what they end with.

let world: TestChain
let where: readonly string[]
beforeAll(async () => {
  world = await startTestChain()
  where = ['--rpc', world.anvil.url, '--contract', world.deployed.registry]
})
afterAll(() => world.stop())

const withKey = (key: number) => ({ env: { VOUCH_KEY: world.anvil.keys[key] ?? '' } })

/** Runs the command to its end: its status, and the code or the data that it said. */
async function registrar(words: readonly string[], key?: number) {
  const program = start(words, key === undefined ? {} : withKey(key))
  const exit = await program.ended()
  const [, code] = /\[([A-Z_]+)\]/.exec(program.stderr) ?? []
  return { exit, code, said: program.stdout.trim(), words: program.stderr }
}

async function nodeFolder(): Promise<string> {
  const [folder, file] = [join(scratch(), 'node'), join(scratch(), 'policy.json')]
  await writeFile(file, printAdmissionPolicy(policy))
  expect(await registrar(['init', folder, '--policy', file, ...where])).toMatchObject({ exit: 0 })
  return folder
}

describe('registrar sync --rpc', () => {
  test('copies what the chain has, and goes on from there', async () => {
    const copy = join(scratch(), 'copy')
    await world.admit(1)
    const first = await registrar(['sync', ...where, '--to', copy, '--json'])
    expect([first.exit, JSON.parse(first.said).size]).toEqual([0, 1])
    await world.admit(2)
    const second = await registrar(['sync', ...where, '--to', copy])
    expect([second.exit, second.said]).toEqual([0, expect.stringContaining('with 2 leaves')])
  })

  test('ends with the status of what is wrong', async () => {
    const to = ['--to', join(scratch(), 'copy')]
    const liar = await startLyingServer(world.anvil.url, (method, result) =>
      method === 'eth_getLogs' ? [] : result,
    )
    onTestFinished(async () => void (await liar.close()))
    const { registry } = world.deployed
    const rows: readonly (readonly [readonly string[], number, string])[] = [
      [['--rpc', world.anvil.url], 1, 'USAGE'],
      [['--rpc', world.anvil.url, '--contract', '0x12'], 1, 'USAGE'],
      [['--rpc', liar.url, '--contract', registry], 2, 'RPC_FALSE'],
      [[...where, '--registry', '00'.repeat(32)], 3, 'REGISTRY_NOT_ACCEPTED'],
      [['--rpc', world.anvil.url, '--contract', noAddress], 4, 'CONTRACT_UNKNOWN'],
      [['--rpc', 'http://127.0.0.1:9', '--contract', registry], 4, 'RPC_UNREACHABLE'],
    ]
    for (const [words, exit, code] of rows)
      expect(await registrar(['sync', ...words, ...to])).toMatchObject({ exit, code })
  })
})

describe('registrar node serve', () => {
  test('answers until it is told to end, and says whose signature it gives', async () => {
    const folder = await nodeFolder()
    const words = ['node', 'serve', folder, ...where, '--port', '0', '--json']
    const program = start(words, withKey(1))
    const { url } = JSON.parse(await program.firstLine()) as { url: string }
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' })
    expect(await (await fetch(`${url}/ready`)).json()).toEqual({ status: 'ready' })
    expect(await program.stop()).toBe(0)
    expect(program.stderr).toContain(`signs as ${world.nodes[0]?.address}`)
    expect(program.stdout + program.stderr).not.toContain(world.anvil.keys[1])
  })

  test('is the only one of its folder, and signs nothing under a clock that is two days ahead', async () => {
    const folder = await nodeFolder()
    const words = ['node', 'serve', folder, ...where, '--port', '0']
    const program = start(words, withKey(1))
    await program.firstLine()
    const second = start(words, withKey(1))
    expect(await second.ended()).toBe(4)
    expect(second.stderr).toContain('[LOCKED]')
    expect(await program.stop()).toBe(0)

    const offset = join(scratch(), 'offset')
    await writeFile(offset, String(48 * 3600))
    const around = { preload: './moved-clock.mjs', env: { ...withKey(1).env, MOVED_CLOCK: offset } }
    const ahead = start(words, around)
    expect(await ahead.ended()).toBe(4)
    expect(ahead.stderr).toContain('[CLOCK_AHEAD]')
    const confirmed = start([...words, '--time-is-right'], around)
    await confirmed.firstLine()
    expect(await confirmed.stop()).toBe(0)
  })

  test('does not start where something is wrong', async () => {
    const folder = await nodeFolder()
    const elsewhere = ['--rpc', world.anvil.url, '--contract', noAddress]
    const port = ['--port', '0']
    const serve = (...words: readonly string[]) => registrar(['node', 'serve', ...words, ...port], 1)
    expect(await serve(folder, ...where, '--peer', 'ftp://x')).toMatchObject({ exit: 1, code: 'USAGE' })
    expect(await serve(folder, ...elsewhere)).toMatchObject({ exit: 4, code: 'CONTRACT_UNKNOWN' })
    expect(await registrar(['node', 'serve', folder, ...where, ...port])).toMatchObject({
      exit: 1,
      code: 'USAGE',
    })
    const key = join(scratch(), 'key')
    await writeFile(key, world.anvil.keys[1] ?? '', { mode: 0o644 })
    expect(await serve(folder, ...where, '--key', key)).toMatchObject({ exit: 4, code: 'KEY_EXPOSED' })
  })
})

test('a decision goes from operator to operator: proposed, shown, signed, submitted, carried out', async () => {
  const folder = scratch()
  const [decision, a, b] = ['decision', 'a', 'b'].map((name) => join(folder, `${name}.json`)) as [
    string,
    string,
    string,
  ]
  const node = (...words: readonly string[]) => ['node', ...words]
  const proposed = await registrar(node('propose', 'add-member', noAddress, ...where, '--out', decision))
  expect(proposed.exit).toBe(0)
  expect((await registrar(node('show', decision))).words).toContain(`add member ${noAddress}`)
  expect((await registrar(node('sign', decision, ...where, '--out', a), 1)).exit).toBe(0)
  expect(await registrar(node('sign', decision, ...where, '--out', b), 0)).toMatchObject({
    exit: 3,
    code: 'SIGNER_NOT_ACCEPTED',
  })
  expect(await registrar(node('submit', decision, a, ...where), 0)).toMatchObject({
    exit: 4,
    code: 'QUORUM_MISSING',
  })
  expect((await registrar(node('sign', decision, ...where, '--out', b), 3)).exit).toBe(0)
  const submitted = await registrar(node('submit', decision, b, a, ...where, '--json'), 0)
  const { change } = JSON.parse(submitted.said) as { change: number }
  expect((await registrar(node('execute', String(change), ...where), 0)).said).toBe('in effect')
  expect(await registrar(node('execute', String(change), ...where), 0)).toMatchObject({
    exit: 3,
    code: 'CHAIN_REFUSED',
  })
})
