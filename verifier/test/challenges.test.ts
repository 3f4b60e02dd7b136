import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Backend, CircuitName } from '@vouch/circuits'
import { openBackend } from '@vouch/circuits/node'
import { type PostgresServer, postgresPrograms, startPostgres } from '@vouch/host/testing/postgres'
import { type ErrorCode, parseReply, printReply, type Request, toHex } from '@vouch/protocol'
import { proveResponse } from '@vouch/prover'
import { memorySeen, openChallenges, type SeenStore, type Verdict } from '@vouch/verifier'
import { openSeen } from '@vouch/verifier/node'
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest'
import { makeStory } from '../../fixtures/story/story.js'
import { needs } from '../../test/support/needs.js'
import { bytes32, NOON, respondTo, shop } from '../../test/support/proven.js'

// Bob behind an HTTP handler: strangers ask him for Requests, and come back with what they say are his.

const story = makeStory(NOON)
const { acceptance, head } = story
const key = bytes32(0x77)
const parameters = { acceptance, head, now: NOON, verifier: shop, profile: 'sha256' } as const
const salt = (fill: number): Uint8Array => new Uint8Array(16).fill(fill)
const codesOf = (verdict: Verdict): readonly ErrorCode[] =>
  verdict.accepted ? [] : verdict.failures.map(({ code }) => code)

let backend: Backend<CircuitName>
let folder: string
beforeAll(async () => {
  backend = openBackend({ kind: 'native' })
  folder = await mkdtemp(join(tmpdir(), 'vouch-seen-'))
})
afterAll(async () => {
  await backend?.destroy()
  await rm(folder, { recursive: true, force: true })
})

async function bundleFor(request: Request) {
  const [north] = story.machines
  const { holding } = north
  const response = respondTo(request, north)
  return proveResponse({ request, response, holding, leaves: story.leaves, backend })
}

describe('a Request that carries its maker’s mark', () => {
  const bob = openChallenges({ key, seen: memorySeen() })
  const given = () => ({ acceptance, head, now: NOON, backend })

  test('is accepted once: of ten answers at the same moment, one', async () => {
    const request = bob.ask({ ...parameters, salt: salt(1) })
    const reply = parseReply(printReply({ version: 2, request, bundle: await bundleFor(request) }))
    const verdicts = await Promise.all(Array.from({ length: 10 }, () => bob.judge(reply, given())))
    const accepted = verdicts.filter((verdict) => verdict.accepted)
    expect(accepted).toHaveLength(1)
    expect(accepted[0]?.checks).toHaveLength(23)
    expect(accepted[0]?.checks.every(({ outcome }) => outcome === 'held')).toBe(true)
    const refused = verdicts.filter((verdict) => !verdict.accepted)
    expect(refused.map(codesOf)).toEqual(Array(9).fill(['CHALLENGE_USED']))
    expect(refused[0]?.exit).toBe(3)
  })

  test('is another for another salt, and its challenge shows nothing of the key', () => {
    const requests = [1, 2].map((fill) => bob.ask({ ...parameters, salt: salt(fill) }))
    const marks = requests.map(({ challenge }) => toHex(challenge).slice(32))
    expect(new Set(marks).size).toBe(2)
    const stranger = openChallenges({ key: bytes32(0x78), seen: memorySeen() })
    expect(stranger.ask({ ...parameters, salt: salt(1) }).challenge).not.toEqual(requests[0]?.challenge)
  })

  test('is nobody else’s: a word of it changed, or another key, and it is unknown', async () => {
    const request = bob.ask({ ...parameters, salt: salt(3) })
    const bundle = await bundleFor(request)
    const changes: readonly Partial<Request>[] = [
      { verifierId: bytes32(9) },
      { context: bytes32(9) },
      { freshness: { kind: 'max_age', seconds: 60 } },
      { now: NOON + 60 },
      { root: 5n },
      { services: request.services.slice(0, 1) },
      { challenge: request.challenge.map((byte, i) => (i === 0 ? byte ^ 1 : byte)) },
      { challenge: request.challenge.map((byte, i) => (i === 31 ? byte ^ 1 : byte)) },
      { challenge: bytes32(0xc1) },
    ]
    for (const change of changes) {
      const forged = { version: 2, request: { ...request, ...change }, bundle } as const
      expect(codesOf(await bob.judge(forged, given()))).toEqual(['CHALLENGE_UNKNOWN'])
    }
    const stranger = openChallenges({ key: bytes32(0x78), seen: memorySeen() })
    const elsewhere = await stranger.judge({ version: 2, request, bundle }, given())
    expect(codesOf(elsewhere)).toEqual(['CHALLENGE_UNKNOWN'])
    expect(elsewhere.checks).toHaveLength(1)
  })

  test('that was answered is remembered until no clock within the skew accepts it', async () => {
    const { requestAge, clockSkew } = acceptance
    const last = NOON + requestAge + clockSkew
    const seen = memorySeen({ capacity: 1 })
    const ahead = openChallenges({ key, seen })
    const reply = async (fill: number, now: number) => {
      const freshness = { kind: 'challenge' } as const
      const request = ahead.ask({ ...parameters, freshness, now, salt: salt(fill) })
      return { version: 2, request, bundle: await bundleFor(request) } as const
    }
    const judge = async (answer: Awaited<ReturnType<typeof reply>>, now: number) =>
      codesOf(await ahead.judge(answer, { ...given(), now }))
    const first = await reply(20, NOON)
    const [second, third] = [await reply(21, last + clockSkew), await reply(22, last + clockSkew + 60)]
    expect(await judge(first, NOON)).toEqual([])
    // The clock that is ahead needs room, while a clock behind it by the skew still accepts the first Request.
    await expect(judge(second, last + clockSkew)).rejects.toMatchObject({ code: 'BUSY' })
    expect(await judge(first, last)).toEqual(['CHALLENGE_USED'])
    // A minute later every such clock refuses it, and its place is free.
    expect(await judge(third, last + clockSkew + 60)).toEqual([])
    expect(await judge(first, last + 60)).toContain('REQUEST_TOO_OLD')
  })

  test('is judged with the question that its reply shows', async () => {
    const request = bob.ask({ ...parameters, salt: salt(23) })
    const bundle = await bundleFor(request)
    const opening = { salt: bytes32(7), message: new TextEncoder().encode('hello?') }
    const forged = { ...opening, message: new Uint8Array() }
    const judged = await bob.judge({ version: 2, request, bundle, opening: forged }, given())
    expect(codesOf(judged)).toEqual(['OPENING_FALSE'])
    const verdict = await bob.judge({ version: 2, request, bundle, opening }, given())
    expect(verdict).toMatchObject({ accepted: true, proven: { asked: opening.message } })
  })

  test('is refused once it is too old', async () => {
    const request = bob.ask({ ...parameters, salt: salt(4) })
    const reply = { version: 2, request, bundle: await bundleFor(request) } as const
    const now = NOON + acceptance.requestAge + acceptance.clockSkew + 1
    expect(codesOf(await bob.judge(reply, { ...given(), now }))).toContain('REQUEST_TOO_OLD')
  })

  test('is not used up by an answer that is refused', async () => {
    const request = bob.ask({ ...parameters, salt: salt(5) })
    const bundle = await bundleFor(request)
    const envelope = bundle.envelope.map((byte, i) => (i === bundle.envelope.length - 1 ? byte ^ 1 : byte))
    const forged = { version: 2, request, bundle: { ...bundle, envelope } } as const
    expect(codesOf(await bob.judge(forged, given()))).toEqual(['PROOF_FALSE'])
    expect(codesOf(await bob.judge({ version: 2, request, bundle }, given()))).toEqual([])
  })

  test('does not count while what was answered cannot be remembered', async () => {
    const full = openChallenges({ key, seen: memorySeen({ capacity: 0 }) })
    const request = full.ask({ ...parameters, salt: salt(6) })
    const reply = { version: 2, request, bundle: await bundleFor(request) } as const
    await expect(full.judge(reply, given())).rejects.toMatchObject({ code: 'BUSY' })
  })

  test('needs 16 bytes of salt and 32 of key', () => {
    expect(() => bob.ask({ ...parameters, salt: new Uint8Array(15) })).toThrow('salt')
    expect(() => openChallenges({ key: new Uint8Array(31), seen: memorySeen() })).toThrow('key')
  })
})

let server: PostgresServer | undefined
let count = 0
beforeAll(async () => {
  if (postgresPrograms() !== undefined) server = await startPostgres({ settings: { fsync: 'off' } })
}, 120_000)
afterAll(() => server?.stop())

describe.each<[string, (capacity: number, context: TestContext) => Promise<SeenStore> | SeenStore]>([
  ['memory', (capacity) => memorySeen({ capacity })],
  [
    'a file',
    async (capacity) => openSeen(join(await mkdtemp(join(folder, 'store-')), 'seen.db'), { capacity }),
  ],
  [
    'a server',
    async (capacity, context) => {
      needs.postgres(context)
      return openSeen(server?.database(`seen${count++}`) ?? '', { capacity })
    },
  ],
])('what was answered, kept in %s', (_, open) => {
  test('is noted once, however many come together', async (context) => {
    const seen = await open(100, context)
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => seen.consume(bytes32(1), NOON + 60, NOON)),
    )
    expect(answers.filter((isFirst) => isFirst)).toHaveLength(1)
    expect(await seen.consume(bytes32(2), NOON + 60, NOON)).toBe(true)
    expect(await seen.consume(bytes32(1), NOON + 60, NOON + 60)).toBe(false)
  })

  test('takes no more room than it is given, and gives room back with time', async (context) => {
    const seen = await open(3, context)
    const note = async (fill: number, now: number) => seen.consume(bytes32(fill), now + 60, now)
    for (const fill of [1, 2, 3]) expect(await note(fill, NOON)).toBe(true)
    await expect(note(4, NOON + 60)).rejects.toMatchObject({ code: 'BUSY' })
    expect(await note(4, NOON + 61)).toBe(true)
  })
})

describe('a file of what was answered', () => {
  test('is shared by processes, and survives a restart', async () => {
    const shared = join(folder, 'shared.db')
    const [first, second] = await Promise.all([openSeen(shared), openSeen(shared)])
    const answers = await Promise.all(
      [first, second].map((seen) => seen.consume(bytes32(1), NOON + 60, NOON)),
    )
    expect([...answers].sort()).toEqual([false, true])
    for (const seen of [first, second]) await seen.close()
    const again = await openSeen(shared)
    expect(await again.consume(bytes32(1), NOON + 60, NOON)).toBe(false)
    await again.close()
  })

  test('that cannot be written to accepts nothing', async () => {
    const file = join(folder, 'a file')
    await writeFile(file, 'no database, but long enough to be taken for one: '.repeat(40))
    await expect(openSeen(file)).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
    await expect(openSeen(join(folder, 'gone', 'seen.db'))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  })
})
