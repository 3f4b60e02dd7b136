import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { keyHash } from '@vouch/circuits'
import { credentialRegistryAbi, vouchVerifierAbi } from '@vouch/contracts'
import { parseNamedFile } from '@vouch/host/node'
import {
  fieldToBytes,
  fixedPath,
  type LeafContent,
  leafOf,
  REGISTRY_DEPTH,
  siblingsOf,
  slowHasher,
  toHex,
  toInteger,
} from '@vouch/protocol'
import { scratch } from '@vouch/registry/testing/registries'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  executeCommand,
  leaveCommand,
  type ProposeOptions,
  proposeCommand,
  type SubmitOptions,
  showDecisionCommand,
  signCommand,
  submitCommand,
} from '../node/commands/decide.js'
import { syncChain } from '../node/sync/sync.js'
import {
  CHANGES,
  DECISION_KINDS,
  type Decision,
  parseDecision,
  printDecision,
  ROUTE_CHANGES,
} from '../src/decision.js'
import { CHANGE_KINDS, ROUTE_ACTIONS } from '../src/messages.js'
import { noAddress, policyId, startTestChain, type TestChain } from '../testing/chains.js'

// What operators of trust nodes decide, by the commands that they have: files from one to the other, and no key but one's own.

let world: TestChain
let where: { readonly rpc: string; readonly contract: string }
beforeAll(async () => {
  world = await startTestChain()
  where = { rpc: world.anvil.url, contract: world.deployed.registry }
})
afterAll(() => world.stop())

/** What a command said: data, and words. */
async function heard(
  command: (out: { program: string; data(text: string): void; words(text: string): void }) => Promise<number>,
): Promise<{ readonly data: string; readonly words: string }> {
  const [data, words]: [string[], string[]] = [[], []]
  const out = {
    program: 'registrar',
    data: (text: string) => data.push(text),
    words: (text: string) => words.push(text),
  }
  expect(await command(out)).toBe(0)
  return { data: data.join('\n'), words: words.join('\n') }
}

/** A key of anvil's in a file: 0 pays, 1 to 3 are the nodes'. */
async function keyFile(number: number): Promise<string> {
  const path = join(scratch(), 'key')
  await writeFile(path, `${world.anvil.keys[number]}\n`, { mode: 0o600 })
  return path
}

async function propose(kind: string, subject?: string, parts: Partial<ProposeOptions> = {}): Promise<string> {
  const file = join(scratch(), 'decision.json')
  await heard((out) => proposeCommand(out, kind, subject, { ...where, hours: '24', out: file, ...parts }))
  return file
}

async function sign(decision: string, node: number): Promise<string> {
  const file = join(scratch(), `signature-${node}.json`)
  const key = await keyFile(node)
  await heard((out) => signCommand(out, decision, { ...where, key, out: file }))
  return file
}

async function submit(decision: string, signatures: readonly string[], options: Partial<SubmitOptions> = {}) {
  const key = await keyFile(0)
  const { data } = await heard((out) =>
    submitCommand(out, decision, signatures, { ...where, key, json: true, ...options }),
  )
  return JSON.parse(data) as { readonly decision: string; readonly change?: number }
}

/** Proposes, has two nodes sign, submits, and carries out what waits. */
async function decide(kind: string, subject?: string, parts: Partial<ProposeOptions> = {}): Promise<void> {
  const decision = await propose(kind, subject, parts)
  const { change } = await submit(decision, [await sign(decision, 2), await sign(decision, 1)])
  const waits = !/^(pause|cancel|remove|remove-for-cause|.*-route)$/.test(kind)
  expect(change !== undefined).toBe(waits)
  if (change === undefined) return
  const key = await keyFile(0)
  await heard((out) => executeCommand(out, String(change), { ...where, key }))
}

const read = (functionName: string, ...args: readonly unknown[]): Promise<unknown> =>
  world.chain.ask('', (client) =>
    client.readContract({
      address: world.deployed.registry,
      abi: credentialRegistryAbi as never,
      functionName: functionName as never,
      args: args as never,
    }),
  )
const strikesOf = async (member: string) => ((await read('members', member)) as readonly unknown[])[1]
const hex32 = (n: bigint): string => toHex(fieldToBytes(n))

test('a decision has a name for each that the contracts know, in their order', () => {
  const snake = (name: string) => name.replace(/(?!^)[A-Z]/g, '_$&').toLowerCase()
  expect(CHANGES).toEqual(CHANGE_KINDS.map(snake))
  expect(ROUTE_CHANGES).toEqual(ROUTE_ACTIONS.map((name) => `${snake(name)}_route`))
})

describe('a quorum of operators', () => {
  test('adds and removes a member', async () => {
    await decide('add-member', noAddress)
    expect(await read('memberCount')).toBe(4)
    // Of four, three must sign now.
    const decision = await propose('remove-member', noAddress)
    const two = [await sign(decision, 1), await sign(decision, 2)]
    await expect(submit(decision, two)).rejects.toMatchObject({ code: 'QUORUM_MISSING' })
    const { change } = await submit(decision, [...two, await sign(decision, 3)])
    const key = await keyFile(0)
    await heard((out) => executeCommand(out, String(change), { ...where, key }))
    expect(await read('memberCount')).toBe(3)
  })

  test('is asked by nobody who leaves of his own accord', async () => {
    const third = world.nodes[2]?.address ?? ''
    await decide('add-member', noAddress) // three stay
    const { data } = await heard(async (out) =>
      leaveCommand(out, { ...where, key: await keyFile(3), json: true }),
    )
    const { change } = JSON.parse(data) as { change: number }
    const key = await keyFile(0)
    await heard((out) => executeCommand(out, String(change), { ...where, key }))
    expect(((await read('members', third)) as readonly unknown[])[0]).toBe(0)
    await decide('add-member', third)
    const decision = await propose('remove-member', noAddress)
    const three = await Promise.all([1, 2, 3].map((node) => sign(decision, node)))
    const removal = await submit(decision, three)
    await heard((out) => executeCommand(out, String(removal.change), { ...where, key }))
  })

  test('adds and retires a policy and an anchor', async () => {
    const other = policyId ^ 1n
    await decide('add-policy', hex32(other))
    expect(await read('isPolicy', other)).toBe(true)
    await decide('retire-policy', hex32(other))
    expect(await read('isPolicy', other)).toBe(false)
    const anchor = 'ab'.repeat(32)
    await decide('add-anchor', anchor)
    expect(await read('isAnchor', `0x${anchor}`)).toBe(true)
    await decide('retire-anchor', anchor)
    expect(await read('isAnchor', `0x${anchor}`)).toBe(false)
  })

  test('removes a credential, and for cause strikes who signed for it, until it clears that', async () => {
    const leaves = [await world.admit(1), await world.admit(2), await world.admit(3)]
    const [first, second] = leaves.map(({ credential }) => hex32(credential))
    await decide('remove', first, { reason: 'its holder asked for it' })
    await decide('remove-for-cause', second, { reason: 'its host was broken into' })
    const { head } = await syncChain({
      chain: world.chain,
      registry: world.deployed.registry,
      folder: join(scratch(), 'copy'),
    })
    expect(head.root).toBe(await read('root'))
    const struck = world.nodes[0]?.address ?? ''
    expect(await strikesOf(struck)).toBe(1)
    await decide('clear-strikes', struck)
    expect(await strikesOf(struck)).toBe(0)
    await expect(decide('remove', first, { reason: 'again' })).rejects.toMatchObject({ code: 'LEAF_MISSING' })
    await expect(decide('remove', hex32(77n), { reason: 'unknown' })).rejects.toMatchObject({
      code: 'LEAF_MISSING',
    })
  })

  test('pauses at once, and goes on', async () => {
    await decide('pause')
    expect(await read('paused')).toBe(true)
    await decide('unpause')
    expect(await read('paused')).toBe(false)
  })

  test('takes back a change that waits', async () => {
    const decision = await propose('add-member', noAddress)
    const { change } = await submit(decision, [await sign(decision, 1), await sign(decision, 2)])
    await decide('cancel', String(change))
    const key = await keyFile(0)
    const executing = executeCommand(
      { program: '', data: () => undefined, words: () => undefined },
      String(change),
      { ...where, key },
    )
    await expect(executing).rejects.toMatchObject({ code: 'CHAIN_REFUSED' })
  })

  test('adds, disables, enables and freezes a route of the gateway', async () => {
    const { gateway, proofs } = world.deployed
    const statusOf = async (circuit: string) => {
      const [, status] = await world.chain.ask('', (client) =>
        client.readContract({
          address: gateway,
          abi: vouchVerifierAbi,
          functionName: 'routes',
          args: [`0x${circuit}`],
        }),
      )
      return status
    }
    const circuit = 'cd'.repeat(32)
    const route = { gateway, verifier: proofs }
    const statuses: number[] = []
    for (const kind of ['add-route', 'disable-route', 'enable-route', 'freeze-route']) {
      await decide(kind, circuit, route)
      statuses.push(await statusOf(circuit))
    }
    expect(statuses).toEqual([1, 2, 1, 3])
    const pinned = toHex(keyHash('respond'))
    await expect(decide('disable-route', pinned, { ...route, verifier: noAddress })).rejects.toMatchObject({
      code: 'CHAIN_REFUSED',
    })
    const elsewhere = { gateway: world.deployed.registry, verifier: proofs }
    await expect(propose('add-route', circuit, elsewhere)).rejects.toMatchObject({
      code: 'TRANSACTION_FAILED',
    })
  })
})

describe('a decision', () => {
  test('is shown in words, out of what is signed', async () => {
    const decision = await propose('remove-for-cause', hex32(5n), { reason: 'its host was broken into' })
    const { words } = await heard((out) => showDecisionCommand(out, decision))
    for (const part of [
      `remove for cause ${hex32(5n)}`,
      'its host was broken into',
      `${world.deployed.registry.toLowerCase()} on chain 31337`,
    ])
      expect(words).toContain(part)
  })

  const changed: readonly (readonly [string, Partial<Decision>, string])[] = [
    ['for another chain', { chainId: 1 }, 'REGISTRY_NOT_ACCEPTED'],
    ['for another registry', { registry: new Uint8Array(20).fill(1) }, 'REGISTRY_NOT_ACCEPTED'],
    ['for an earlier set of members', { setVersion: 1 }, 'REQUEST_TOO_OLD'],
    ['with a number that was used', { sequence: 0 }, 'REQUEST_TOO_OLD'],
    ['with a number to come', { sequence: 1000 }, 'REQUEST_TOO_OLD'],
    ['whose deadline has passed', { deadline: 1_700_000_000 }, 'REQUEST_TOO_OLD'],
    ['whose signatures count for years', { deadline: 4_000_000_000 }, 'REQUEST_TOO_OLD'],
  ]
  test.each(changed)('no operator signs %s', async (_, changes, code) => {
    const honest = await propose('pause')
    const file = join(scratch(), 'changed.json')
    await writeFile(file, printDecision({ ...(await parseNamedFile(honest, parseDecision)), ...changes }))
    await expect(sign(file, 1)).rejects.toMatchObject({ code })
  })

  test('is signed by members alone, and a signature on another one does not count', async () => {
    const [pause, add] = [await propose('pause'), await propose('add-member', noAddress)]
    await expect(sign(pause, 0)).rejects.toMatchObject({ code: 'SIGNER_NOT_ACCEPTED' })
    const mixed = [await sign(pause, 1), await sign(add, 2)]
    await expect(submit(pause, mixed)).rejects.toMatchObject({ code: 'SIGNATURE_FALSE' })
    const twice = [mixed[0] ?? '', mixed[0] ?? '']
    await expect(submit(pause, twice)).rejects.toMatchObject({ code: 'QUORUM_MISSING' })
    await submit(pause, [mixed[0] ?? '', await sign(pause, 3)])
    await decide('unpause')
  })

  test.each([
    ['of no kind', 'admit', undefined, {}],
    ['to pause somebody', 'pause', noAddress, {}],
    ['about no address', 'add-member', '0x12', {}],
    ['to remove without a reason', 'remove', '00'.repeat(32), {}],
    ['to pause for a reason', 'pause', undefined, { reason: 'tired' }],
    ['about a route to nowhere', 'add-route', 'cd'.repeat(32), {}],
    ['to be signed for ever', 'pause', undefined, { hours: '1000' }],
  ] as const)('%s is a slip', async (_, kind, subject, parts) => {
    await expect(propose(kind, subject, parts)).rejects.toMatchObject({ code: 'USAGE' })
  })
})

test('the path of a leaf is the same by buckets as over all leaves', () => {
  const leaf = (n: number): LeafContent => ({ credential: BigInt(n + 1), policyId, expiresAt: 3600 })
  const leaves = Array.from({ length: 5 }, (_, i) => leaf(i))
  const hashes = leaves.map((content) => toInteger(leafOf(slowHasher, content)))
  for (const index of [0, 3, 4]) {
    const { siblings } = fixedPath(REGISTRY_DEPTH, hashes, index)
    expect(siblingsOf(slowHasher, leaves, [new Uint8Array(32)], index).map(toInteger)).toEqual(siblings)
  }
  expect(DECISION_KINDS).toHaveLength(16)
})
