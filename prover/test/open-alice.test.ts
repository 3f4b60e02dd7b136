import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Credential } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Alice, openAlice } from '../node/index.js'
import { openWorld, SHOP, type World } from '../testing/world.js'

// Alice as programs have her: whoever gives up is let go at once, and nobody is waited for longer than she says.

let world: World
let alice: Alice
let credential: Credential
/** Takes connections and says nothing, ever. */
let silent: Server
let silentUrl: string
const connections = new Set<Socket>()

beforeAll(async () => {
  world = await openWorld()
  await world.crowd(3)
  alice = await openAlice({ home: join(world.folder, 'home'), syncEvery: false })
  credential = await alice.enroll({ agent: world.guest.url, registrar: world.registrarUrl, name: 'mine' })
  await world.registrar.registry.cutHead()
  await alice.sync(credential)
  silent = createServer((socket) => {
    connections.add(socket.on('error', () => undefined))
  }).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  silentUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
})
afterAll(async () => {
  await alice.close()
  for (const socket of connections) socket.destroy()
  silent.close()
  await world.close()
})

interface Given {
  readonly signal?: AbortSignal
}

const contract = `0x${'11'.repeat(20)}`

/** Everything that waits for somebody who says nothing. */
const WAITING: readonly [string, string, (her: Alice, given: Given) => Promise<unknown>][] = [
  [
    'enroll',
    'REGISTRY_UNREACHABLE',
    (her, given) => her.enroll({ agent: world.guest.url, registrar: silentUrl, ...given }),
  ],
  [
    'enroll, on chain',
    'RPC_UNREACHABLE',
    (her, given) =>
      her.enroll({
        agent: world.guest.url,
        registrar: world.registrarUrl,
        onChain: { rpc: silentUrl, contract },
        ...given,
      }),
  ],
  ['sync', 'REGISTRY_UNREACHABLE', (her, given) => her.sync(credential, { mirror: silentUrl, ...given })],
  [
    'sync, on chain',
    'RPC_UNREACHABLE',
    (her, given) => her.sync(credential, { onChain: { rpc: silentUrl, contract }, ...given }),
  ],
  [
    'published',
    'REGISTRY_UNREACHABLE',
    (her, given) => her.published(credential, { mirror: silentUrl, ...given }),
  ],
  [
    'vouchedFetch, of the agent',
    'AGENT_UNREACHABLE',
    (her, given) =>
      her.vouchedFetch(world.ask(), {
        credential,
        verifier: SHOP,
        caution: { minimumSet: 1 },
        agent: silentUrl,
        service: 'echo',
        message: 'hello',
        ...given,
      }),
  ],
]

describe.each(WAITING)('%s, where nobody answers', (_, code, wait) => {
  test('ends when she gives up, before or after it began', async () => {
    const signal = AbortSignal.timeout(300)
    await expect(wait(alice, { signal })).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(signal.aborted).toBe(true)
    await expect(wait(alice, { signal })).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  test('ends when the time is over that she gives each step', async () => {
    const hasty = await openAlice({ home: alice.home.folder, timeoutMs: 1000, syncEvery: false })
    try {
      await expect(wait(hasty, {})).rejects.toMatchObject({ code })
    } finally {
      await hasty.close()
    }
  }, 25_000) // without her limit it is half a minute
})

test('waiting for the next head ends when she gives up between two looks', async () => {
  const other = { ...credential, holderSecret: credential.holderSecret + 1n }
  const waiting = alice.published(other, { everyMs: 600_000, signal: AbortSignal.timeout(1500) })
  await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('a credential to prove with is the one that is there while it lives, and another once it has expired', async () => {
  const given = { agent: world.guest.url, registrar: world.registrarUrl, name: 'app', everyMs: 100 }
  const cutting = setInterval(() => void world.registrar.registry.cutHead(), 300)
  try {
    const first = await alice.ready(given)
    expect(await alice.ready(given)).toEqual(first)
    await alice.home.updateCredential({ ...first, expiresAt: first.admittedAt }, 'app')
    const second = await alice.ready(given)
    expect(second.holderSecret).not.toBe(first.holderSecret)
    expect(await alice.home.credential('app')).toEqual(second)
  } finally {
    clearInterval(cutting)
  }
})
