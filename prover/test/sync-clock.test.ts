import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { type Credential, printDraft } from '@vouch/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { nodeArguments } from '../../scripts/program.js'
import { type Alice, openAlice, type SyncTold } from '../node/index.js'
import { isFailed, keepSyncing, untilNextTick } from '../node/sync-clock.js'
import { type Asked, credentialOf } from '../src/index.js'
import { type Front, startFront } from '../testing/front.js'
import { openWorld, SHOP, type World } from '../testing/world.js'

// The clock that Alice syncs by. The server of the registry sees it, and must see no more than that: not her answers, not
// when she last synced, not who she is.

const waits = vi.hoisted(() => [] as { readonly ms: number; readonly ref: boolean | undefined }[])
vi.mock('node:timers/promises', async (original) => {
  const real = await original<typeof import('node:timers/promises')>()
  const noted: typeof real.setTimeout = (ms, value, options) => {
    waits.push({ ms: ms ?? 0, ref: options?.ref })
    return real.setTimeout(ms, value, options)
  }
  return { ...real, setTimeout: noted }
})

let world: World
let front: Front
let alice: Alice
let credential: Credential
const home = (): string => join(world.folder, 'home')

beforeAll(async () => {
  world = await openWorld()
  front = await startFront(world.registrarUrl)
  await world.crowd(16)
  alice = await openAlice({ home: home(), syncEvery: false })
  credential = await alice.enroll({ agent: world.guest.url, registrar: world.registrarUrl, name: 'mine' })
  await world.registrar.registry.cutHead()
  await alice.sync(credential, { mirror: front.url })
})
afterAll(async () => {
  await alice.close()
  await front.close()
  await world.close()
})
beforeEach(() => {
  waits.length = 0
  front.down = false
})

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await setTimeout(20)
}

describe('the clock', () => {
  test('ticks where everybody’s does, and a random part of a quarter of the interval later', () => {
    expect(untilNextTick(0, 1000, 0)).toBe(1000)
    expect(untilNextTick(299_999, 300_000, 0)).toBe(1)
    expect(untilNextTick(300_000, 300_000, 0)).toBe(300_000)
    expect(untilNextTick(299_999, 300_000, 0.999)).toBeLessThan(1 + 75_000)
    expect(untilNextTick(299_999, 300_000, 0.5)).toBe(1 + 37_500)
  })

  test('draws the random part anew each time: a phase of her own would be a name', async () => {
    const ending = new AbortController()
    const rests: number[] = []
    const round = async (): Promise<void> => {
      rests.push((Date.now() % 1000) / 1000)
      if (rests.length === 4) ending.abort()
    }
    await keepSyncing(round, { everyMs: 1000, signal: ending.signal, ref: true })
    expect(rests).toHaveLength(4)
    expect(Math.max(...rests) - Math.min(...rests)).toBeGreaterThan(0.005)
  })

  test('goes by five minutes in every open Alice who says nothing else, and keeps no process alive', async () => {
    const usual = await openAlice({ home: home() })
    const off = await openAlice({ home: home(), syncEvery: false })
    expect(waits).toEqual([{ ms: expect.any(Number), ref: false }])
    expect(waits[0]?.ms).toBeLessThanOrEqual(375_000)
    await Promise.all([usual.close(), off.close()])
    for (const syncEvery of [0, -1, 1.5, 86_401, Number.NaN])
      await expect(openAlice({ home: home(), syncEvery })).rejects.toMatchObject({ code: 'USAGE' })
  })

  test('lets a program end that forgets to close', async () => {
    const file = join(world.folder, 'forgets.mts')
    const entry = pathToFileURL(join(import.meta.dirname, '../node/index.ts')).href
    await writeFile(file, `import { openAlice } from '${entry}'\nawait openAlice({ home: '${home()}' })\n`)
    const [node = '', ...args] = nodeArguments(file)
    const ended = await new Promise((resolve) =>
      execFile(node, args, { timeout: 60_000 }, (error) => resolve(error?.code ?? 0)),
    )
    expect(ended).toBe(0)
  })
})

describe('an open Alice', () => {
  test('syncs at each tick whether she answers or not, by one sequence, and no more once she is closed', async () => {
    const told: SyncTold[] = []
    const from = front.heard.length
    const ticking = await openAlice({ home: home(), syncEvery: 1, onSync: (one) => void told.push(one) })
    await until(() => told.length >= 2)
    await world.crowd(1)
    const { seq } = world.head()
    await until(() => told.some((one) => !isFailed(one) && one.head.seq === seq))
    const { payload } = await ticking.vouchedFetch(world.ask(), {
      credential,
      verifier: SHOP,
      service: 'echo',
      message: 'hello',
    })
    expect(new TextDecoder().decode(payload)).toBe('you said hello')
    await ticking.close()
    const heard = front.heard.slice(from)
    const rounds = heard.join(' ').split(/ (?=GET \/head)/)
    const whole = 'GET /head.json GET /leaves.json GET /policies.json GET /leaves/0'
    expect(new Set(rounds.slice(0, -1))).toEqual(new Set([whole]))
    expect(whole.startsWith(rounds.at(-1) ?? '')).toBe(true)
    await setTimeout(1500)
    expect(front.heard.slice(from)).toEqual(heard)
  })

  test('syncs one registry once at a time: two that write one copy together would tear it', async () => {
    const from = front.heard.length
    const both = await Promise.all([alice.sync(credential), alice.sync(credential)])
    expect(both.map(({ head }) => head.seq)).toEqual([world.head().seq, world.head().seq])
    const whole = ['GET /head.json', 'GET /leaves.json', 'GET /policies.json', 'GET /leaves/0']
    expect(front.heard.slice(from)).toEqual([...whole, ...whole])
  })

  test('outlives a mirror that fails and a listener that throws, and says since when', async () => {
    front.down = true
    const told: SyncTold[] = []
    const ticking = await openAlice({
      home: home(),
      syncEvery: 1,
      onSync: (one) => {
        told.push(one)
        throw new Error('a fault of the listener')
      },
    })
    await until(() => told.length >= 3)
    const failed = told.filter(isFailed)
    expect(failed.map(({ error }) => error.code)).toContain('REGISTRY_UNREACHABLE')
    expect(new Set(failed.map(({ since }) => since)).size).toBe(1)
    front.down = false
    await until(() => told.some((one) => !isFailed(one)))
    await ticking.close()
  }, 60_000)

  test('finds an enrollment whose receipt went missing', async () => {
    const lost = await alice.enroll({ agent: world.guest.url, registrar: world.registrarUrl, name: 'lost' })
    await alice.home.forgetCredential('lost')
    const name = credentialOf(lost).toString(16).padStart(64, '0').slice(0, 16)
    await writeFile(join(home(), 'drafts', `${name}.json`), printDraft(lost), { mode: 0o600 })
    await world.registrar.registry.cutHead()
    const told: SyncTold[] = []
    await alice.round({}, (one) => told.push(one))
    expect(told).toMatchObject([{ claimed: [name] }])
    expect(await alice.home.credentials()).toEqual([name, 'mine'].sort())
  })

  test('counts nothing of hers among others, whichever of her credentials she proves with', async () => {
    await alice.sync(credential)
    const shown: Asked[] = []
    const given = {
      credential,
      verifier: SHOP,
      service: 'echo',
      message: 'hello',
      onAsked: (one: Asked) => void shown.push(one),
    }
    await alice.vouchedFetch(world.ask(), given)
    expect(shown).toMatchObject([{ anonymitySet: 17, policies: [{ live: 17, own: 2 }] }])
  })

  test('knows services of guests whose listings she keeps', async () => {
    const { guest } = world.guest
    const [one] = guest.services
    if (one === undefined) throw new Error('a guest has services')
    const elsewhere = { ...one, name: 'elsewhere', drv: new Uint8Array(32).fill(0xff) }
    const request = () => ({ ...world.ask(), services: [one.drv, elsewhere.drv] })
    const given = { credential, verifier: SHOP, service: one.name, message: 'hello' }
    await expect(alice.vouchedFetch(request(), given)).rejects.toMatchObject({
      code: 'TOO_FEW_SERVICES',
      given: expect.stringContaining('1 of the 2'),
    })
    const answered = await alice.vouchedFetch(request(), {
      ...given,
      guests: [{ ...guest, services: [elsewhere] }],
    })
    expect(answered.bundle.version).toBe(1)
  })
})

test('an enrollment reads from a mirror where one is named, and so do all syncs after it', async () => {
  const other = await openAlice({ home: join(world.folder, 'mirrored'), syncEvery: false })
  const heard = front.heard.length
  const names = { registrar: world.registrarUrl, mirror: front.url }
  const enrolled = await other.enroll({ agent: world.guest.url, ...names, name: 'mirrored' })
  const read = 'GET /head.json GET /leaves.json GET /leaves/0'
  expect(front.heard.slice(heard).join(' ')).toBe(read)
  await other.sync(enrolled)
  expect(front.heard.slice(heard).at(-1)).toBe('GET /leaves/0')
  expect(front.heard.slice(heard).length).toBeGreaterThan(4)
  await other.close()
})
