import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import {
  type Answer,
  type Ask,
  askHash,
  type Credential,
  compareBytes,
  decodeEnvelope,
  type ErrorCode,
  encodeEnvelope,
  type Guest,
  parseBucket,
  parseReply,
  type Request,
  TIME_GRID,
  VouchError,
} from '@vouch/protocol'
import {
  type Answered,
  type Asked,
  type Asking,
  answerOnWire,
  enroll,
  type Ledger,
  memoryLedger,
  prove,
  REFUSAL,
  syncCopy,
  vouchedFetch,
} from '@vouch/prover'
import type { Mirror, RegistrySource } from '@vouch/registry'
import { openMirror, openSource } from '@vouch/registry/node'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { exchangeLine } from '../node/index.js'
import { checkAnswer } from '../src/asking.js'
import { answerTo, floored, nowSeconds, signAs } from '../testing/guest.js'
import { openWorld, SHOP, type World } from '../testing/world.js'

// What Alice answers and what she refuses, against a real registrar, with Bob to judge what she gives.

let world: World
let credential: Credential
/** The root at which she was admitted already, and one member fewer was. */
let earlierRoot: bigint
const random = (size: number): Uint8Array => new Uint8Array(randomBytes(size))

beforeAll(async () => {
  world = await openWorld()
  await world.crowd(17)
  credential = await enrolled(join(world.folder, 'enrolling'))
  await world.registrar.registry.cutHead()
  earlierRoot = world.head().root
  await world.crowd(1)
})
afterAll(() => world.close())
afterEach(() => {
  world.guest.lies = {}
})

async function enrolled(mirror: string): Promise<Credential> {
  return enroll(
    {
      agent: world.guest.url,
      registrar: world.registrarUrl,
      source: await openSource(world.registrarUrl),
      mirrorOf: () => openMirror(mirror),
      keepDraft: async () => undefined,
    },
    { network: { fetch }, backend: world.backend, now: nowSeconds, random },
  )
}

let mirrors = 0

/** Her copy, at the registry's newest head. */
async function copyNow(changes: Partial<RegistrySource> = {}): Promise<Mirror> {
  const source = { ...(await openSource(world.registrarUrl)), ...changes }
  const mirror = await openMirror(join(world.folder, `answering-${mirrors++}`))
  await syncCopy({ source, mirror, registry: credential.registry })
  return mirror
}

async function asking(changes: Partial<Asking> = {}): Promise<Asking> {
  return {
    credential,
    mirror: changes.mirror ?? (await copyNow()),
    ledger: memoryLedger(),
    verifier: SHOP,
    backend: world.backend,
    now: nowSeconds,
    documents: [world.policy],
    service: 'echo',
    message: new TextEncoder().encode('hello'),
    network: { fetch, exchangeLine, timeoutMs: 5000 },
    random,
    ...changes,
  }
}

const fetchFor = async (request: Request, changes: Partial<Asking> = {}): Promise<Answered> =>
  vouchedFetch(request, await asking(changes))

async function codeOf(running: Promise<unknown>): Promise<ErrorCode | 'answered'> {
  try {
    await running
    return 'answered'
  } catch (error) {
    if (error instanceof VouchError) return error.code
    throw error
  }
}

/** Refused before any service was asked, and with nothing put in the ledger. */
async function refusedUnasked(
  request: Request,
  code: ErrorCode,
  changes: Partial<Asking> = {},
): Promise<readonly ErrorCode[]> {
  const asked: Asked[] = []
  const touched: string[] = []
  const memory = memoryLedger()
  const ledger: Ledger = {
    ...memory,
    claim: async (entry) => {
      touched.push('claim')
      return memory.claim(entry)
    },
  }
  const before = world.guest.heard.length
  const onAsked = (one: Asked): void => void asked.push(one)
  expect(await codeOf(fetchFor(request, { ledger, onAsked, ...changes }))).toBe(code)
  expect(world.guest.heard.slice(before)).toEqual([])
  expect(touched).toEqual([])
  return asked.flatMap(({ failures }) => failures.map((failure) => failure.code))
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const bytes = (fill: number, size = 32): Uint8Array => new Uint8Array(size).fill(fill)

describe('vouchedFetch', () => {
  test.each(['echo', 'oracle'])(
    'asks %s over its own protocol, and Bob accepts what comes of it',
    async (service) => {
      const request = world.ask()
      const shown: Asked[] = []
      const stages: string[] = []
      const { bundle, payload } = await fetchFor(request, {
        service,
        onAsked: (asked) => void shown.push(asked),
        onProgress: (stage) => stages.push(stage),
      })
      expect(text(payload)).toBe('you said hello')
      expect(await world.judge(bundle, request)).toMatchObject({ accepted: true, proven: { payload } })
      expect(stages).toEqual(['registry', 'service', 'proof'])
      expect(shown).toMatchObject([
        {
          anonymitySet: 18,
          policies: [{ document: { name: world.policy.name }, simulated: true, live: 18, own: 1 }],
          services: [{ name: expect.any(String) }, { name: expect.any(String) }],
          failures: [],
        },
      ])
    },
  )

  test('proves at the root before the newest, whose leaves are the first of today’s', async () => {
    const request = { ...world.ask(), root: earlierRoot }
    const { bundle } = await fetchFor(request)
    expect(await world.judge(bundle, request)).toMatchObject({ accepted: true })
  })

  test('asks where the service answers today, if the agent says so', async () => {
    const moved = {
      ...world.guest.guest,
      services: credential.guest.services.map((it) => ({ ...it, endpoint: 'tcp://127.0.0.1:9' })),
    }
    const lost: Credential = { ...credential, guest: moved }
    expect(await codeOf(fetchFor(world.ask(), { credential: lost }))).toBe('SERVICE_UNREACHABLE')
    const guest = async () => world.guest.guest
    expect(await codeOf(fetchFor(world.ask(), { credential: lost, guest }))).toBe('answered')
  })
})

describe('prove', () => {
  const envelopeFor = (request: Request, time = floored(nowSeconds())): Answer =>
    answerTo({ version: 2, clientNonce: request.challenge, salt: bytes(1), message: bytes(0x41) }, 'echo', {
      time,
    })

  test('takes what a service of her own has signed, whichever it was', async () => {
    const request = world.ask()
    const { bundle } = await prove(request, envelopeFor(request), await asking())
    expect(await world.judge(bundle, request)).toMatchObject({ accepted: true })
  })

  test('proves one answer as often as she likes, and another one never, unless she says so', async () => {
    const request = world.ask()
    const ledger = memoryLedger()
    const [one, two] = [envelopeFor(request), envelopeFor(request, floored(nowSeconds() - 10))]
    const proveWith = async (answer: Answer, again = false) =>
      prove(request, answer, await asking({ ledger, agreement: { again } }))
    const first = await proveWith(one)
    const second = await proveWith(one)
    expect(second.bundle.nullifier).toBe(first.bundle.nullifier)
    expect(await codeOf(proveWith(two))).toBe('SCOPE_USED')
    expect(await codeOf(proveWith(two, true))).toBe('answered')
    expect(await codeOf(proveWith(one))).toBe('SCOPE_USED')
  })

  test.each<[string, (request: Request) => Answer, ErrorCode]>([
    [
      'for another challenge',
      (request) => envelopeFor({ ...request, challenge: bytes(3) }),
      'NONCE_MISMATCH',
    ],
    [
      'signed by a key that is not in her tree',
      (request) => ({ ...envelopeFor(request), signature: bytes(1, 64) }),
      'SIGNATURE_FALSE',
    ],
    [
      'that is none',
      () => ({ version: 1, envelope: bytes(0, 106), signature: bytes(1, 64) }),
      'VERSION_UNKNOWN',
    ],
  ])('refuses an envelope %s', async (_, answer, code) => {
    const request = world.ask()
    expect(await codeOf(prove(request, answer(request), await asking()))).toBe(code)
  })

  test('refuses an envelope that is older than the Request allows', async () => {
    const request: Request = { ...world.ask(), freshness: { kind: 'max_age', seconds: 300 } }
    const old = envelopeFor(request, floored(nowSeconds() - 400))
    expect(await codeOf(prove(request, old, await asking()))).toBe('RESPONSE_TOO_OLD')
    const early = envelopeFor(request, floored(nowSeconds() + 400))
    expect(await codeOf(prove(request, early, await asking()))).toBe('RESPONSE_FROM_FUTURE')
  })
})

describe('a Request of another verifier', () => {
  const carol = 'https://carol.example'

  test('that a relay hands over is refused, by the name of the one she means', async () => {
    const asked: Asked[] = []
    const onAsked = (one: Asked): void => void asked.push(one)
    const refused = fetchFor(world.ask(), { verifier: carol, onAsked })
    await expect(refused).rejects.toMatchObject({
      code: 'VERIFIER_MISMATCH',
      rule: 'the Request must be of the verifier that is meant, https://carol.example',
    })
    expect(asked[0]?.verifier).toBe(carol)
    await refusedUnasked(world.ask(), 'VERIFIER_MISMATCH', { verifier: carol })
    await refusedUnasked(world.ask({ verifier: carol }), 'VERIFIER_MISMATCH')
  })

  test('is refused where a response is there already, too', async () => {
    const request = world.ask({ verifier: carol })
    const ask = { version: 2, clientNonce: request.challenge, salt: bytes(1), message: bytes(0x41) } as const
    expect(await codeOf(prove(request, answerTo(ask, 'echo'), await asking()))).toBe('VERIFIER_MISMATCH')
  })

  test('a contract is meant by chain and address', async () => {
    const contract = (chain: bigint) => ({ chain, contract: bytes(0xaa, 20) })
    const request = world.ask({ verifier: contract(1n) })
    await refusedUnasked(request, 'VERIFIER_MISMATCH', { verifier: contract(2n) })
    expect(await codeOf(fetchFor(request, { verifier: contract(1n) }))).toBe('answered')
  })
})

describe('a Request for a session', () => {
  test('is not answered by an answer', async () => {
    const request = world.ask()
    const asks = { kind: 'session', sealingKey: bytes(9), until: request.now + 600 } as const
    await refusedUnasked({ ...request, asks }, 'ASKS_MISMATCH')
  })
})

describe('the time that Bob sees', () => {
  const timeIn = ({ bundle }: Answered): number => decodeEnvelope(bundle.envelope).time

  /** The guest's service answers with a clock that is off: by its own words, in every answer. */
  const offBy = (seconds: number) => (honest: Answer, ask: Ask) => {
    const time = ask.now ?? floored(nowSeconds() + seconds)
    const envelope = encodeEnvelope({ ...decodeEnvelope(honest.envelope), time })
    return { version: 1, envelope, signature: signAs('echo', envelope) } as const
  }

  test.each([-110, -60, 0, 60, 110])(
    'is the Request’s own by challenge, though the guest’s clock is off by %i s',
    async (seconds) => {
      world.guest.lies = { answer: offBy(seconds) }
      const request = world.ask()
      expect(timeIn(await fetchFor(request))).toBe(request.now)
    },
  )

  test('is her own minute where the Request is not near', async () => {
    const request = { ...world.ask(), now: nowSeconds() - (nowSeconds() % 60) - 300 }
    const time = timeIn(await fetchFor(request))
    expect(time % 60).toBe(0)
    expect(Math.abs(nowSeconds() - time)).toBeLessThan(120)
  })

  test.each([-113, -13, 13, 113])(
    'by age, a clock that is off by %i s would name its guest',
    async (seconds) => {
      world.guest.lies = { answer: offBy(seconds) }
      const request: Request = { ...world.ask(), freshness: { kind: 'max_age', seconds: 300 } }
      expect(await codeOf(fetchFor(request))).toBe('RESPONSE_TIME_REFUSED')
    },
  )

  test.each([
    [100, 100, 100, true],
    [101, 109, 100, true],
    [101, 101, 90, true],
    [102, 102, 90, false],
    [107, 107, 110, false],
    [108, 108, 110, true],
    [99, 112, 110, true],
    [100, 100, 105, false],
    [100, 100, 110, false],
  ])('asked at %i and answered at %i, %i may be: %s', (sent, received, time, holds) => {
    const ask = { version: 2, clientNonce: bytes(1), salt: bytes(2), message: bytes(3) } as const
    const { envelope, signature } = answerTo(ask, 'echo', { time })
    const [service] = world.guest.guest.services.filter(({ name }) => name === 'echo')
    if (service === undefined) throw new Error('no echo')
    const check = () =>
      checkAnswer({ version: 1, envelope, signature }, ask, service, world.ask(), { sent, received })
    if (holds) check()
    else expect(check).toThrow("the envelope's time")
  })

  test('of an answer that is there already is no finer than ten seconds', async () => {
    const request = world.ask()
    const ask = { version: 2, clientNonce: request.challenge, salt: bytes(1), message: bytes(0x41) } as const
    const fine = answerTo(ask, 'echo', { time: floored(nowSeconds()) - 3 })
    expect(await codeOf(prove(request, fine, await asking()))).toBe('RESPONSE_TIME_REFUSED')
  })
})

describe('a question of Bob’s own', () => {
  const opening = { salt: bytes(0x5a), message: new TextEncoder().encode('the price of tea') }
  const asked = () => world.ask({ askHash: askHash(opening.salt, opening.message) })

  test('is asked with his salt, and answered', async () => {
    const request = asked()
    const { bundle, payload, opening: shown } = await fetchFor(request, opening)
    expect(text(payload)).toBe('you said the price of tea')
    expect(shown).toEqual(opening)
    expect(await world.judge(bundle, request)).toMatchObject({ accepted: true })
  })

  test.each<[string, Partial<Asking>]>([
    ['another message', { salt: opening.salt, message: bytes(0x41) }],
    ['another salt', { salt: bytes(1), message: opening.message }],
    ['her own salt', { message: opening.message }],
  ])('is not replaced by %s: the service is not asked', async (_, changes) => {
    await refusedUnasked(asked(), 'ASK_MISMATCH', changes)
  })

  test('is not answered by an envelope that answers another', async () => {
    const request = asked()
    const ask = { version: 2, clientNonce: request.challenge, ...opening } as const
    const other = answerTo({ ...ask, message: bytes(0x41) }, 'echo')
    expect(await codeOf(prove(request, other, await asking()))).toBe('ASK_MISMATCH')
    expect(await codeOf(prove(request, answerTo(ask, 'echo'), await asking()))).toBe('answered')
  })
})

describe('a Request', () => {
  test('at a root that is neither the newest nor its predecessor is refused', async () => {
    await refusedUnasked({ ...world.ask(), root: 5n }, 'ROOT_NOT_ACCEPTED')
    await refusedUnasked({ ...world.ask(), root: 0n }, 'ROOT_NOT_ACCEPTED')
  })

  test('with a now off her clock is refused, either way', async () => {
    const request = world.ask()
    const off = (seconds: number) => ({ ...request, now: request.now + seconds - (seconds % TIME_GRID) })
    await refusedUnasked(off(-1200), 'REQUEST_TOO_OLD')
    await refusedUnasked(off(1200), 'REQUEST_FROM_FUTURE')
  })

  test('that leaves her few to hide among is refused, unless she settles for fewer', async () => {
    await refusedUnasked(world.ask(), 'SET_TOO_SMALL', { caution: { minimumSet: 1000 } })
    expect(await codeOf(fetchFor(world.ask(), { caution: { minimumSet: 18 } }))).toBe('answered')
  })

  test('that leaves her none but herself to hide among is refused: leaves of her own do not count', async () => {
    const mirror = await copyNow()
    const places = parseBucket((await mirror.bucket(0)) ?? new Uint8Array())
    const hers = places.flatMap((place) => (place === undefined ? [] : [place.credential]))
    const shown: Asked[] = []
    const caution = { minimumSet: 16 }
    await refusedUnasked(world.ask(), 'SET_TOO_SMALL', { mirror, held: hers, caution: { minimumSet: 1 } })
    await refusedUnasked(world.ask(), 'SET_TOO_SMALL', { mirror, held: hers.slice(0, 3), caution })
    const onAsked = (asked: Asked): void => void shown.push(asked)
    await fetchFor(world.ask(), { mirror, held: hers.slice(0, 2), caution, onAsked })
    expect(shown).toMatchObject([{ anonymitySet: 16, policies: [{ live: 16, own: 3 }] }])
  })

  test('that accepts one service and others which no known guest runs is refused', async () => {
    const { guest } = world.guest
    const [one] = guest.services
    if (one === undefined) throw new Error('a guest has services')
    const accepting = (...drvs: readonly Uint8Array[]): Request => ({ ...world.ask(), services: drvs })
    const request = () => accepting(bytes(0), one.drv, bytes(0xff))
    await refusedUnasked(request(), 'TOO_FEW_SERVICES')
    await refusedUnasked(request(), 'TOO_FEW_SERVICES', { guests: [guest] })
    const other: Guest = { ...guest, services: [{ ...one, name: 'of another guest', drv: bytes(0xff) }] }
    const shown: Asked[] = []
    const onAsked = (asked: Asked): void => void shown.push(asked)
    await fetchFor(request(), { guests: [other], service: one.name, onAsked })
    expect(shown[0]?.services.map(({ name }) => name)).toEqual([undefined, one.name, 'of another guest'])
  })

  test('for a policy that was made for her alone is refused: she would be all of its set', async () => {
    const own = { ...credential, policyId: 2n ** 248n + 5n, admittedAt: 0 }
    const request = { ...world.ask(), policies: [own.policyId] }
    const codes = await refusedUnasked(request, 'SET_TOO_SMALL', { credential: own })
    expect(codes).toContain('LEAF_MISSING')
  })

  test('that accepts one service says which one it was, and is refused unless she says so', async () => {
    const [only] = world.guest.guest.services
    const request = { ...world.ask(), services: only === undefined ? [] : [only.drv] }
    await refusedUnasked(request, 'TOO_FEW_SERVICES')
    const name = only?.name ?? ''
    expect(await codeOf(fetchFor(request, { service: name, caution: { minimumServices: 1 } }))).toBe(
      'answered',
    )
  })

  test('that accepts a second service which signs under another profile says which one it was', async () => {
    const [only, second] = world.guest.guest.services
    if (only === undefined || second === undefined) throw new Error('two services')
    const elsewhere = { ...second, drv: bytes(0xfe), profile: 'eip191' as const }
    const services = [only.drv, elsewhere.drv].sort(compareBytes)
    const guests = [{ ...world.guest.guest, services: [elsewhere] }]
    await refusedUnasked({ ...world.ask(), services }, 'TOO_FEW_SERVICES', { service: only.name, guests })
    const same = [{ ...world.guest.guest, services: [{ ...elsewhere, profile: 'sha256' as const }] }]
    expect(await codeOf(fetchFor({ ...world.ask(), services }, { service: only.name, guests: same }))).toBe(
      'answered',
    )
  })

  test('within a context is refused until she agrees, which is remembered, answer by answer', async () => {
    const ledger = memoryLedger()
    const context = bytes(0xcc)
    const within = () => world.ask({ context })
    await refusedUnasked(within(), 'CONTEXT_NOT_AGREED', { agreement: { context: bytes(0xdd) } })
    const first = await fetchFor(within(), { ledger, agreement: { context } })
    expect(await codeOf(fetchFor(within(), { ledger }))).toBe('SCOPE_USED')
    const second = await fetchFor(within(), { ledger, agreement: { again: true } })
    expect(second.bundle.nullifier).toBe(first.bundle.nullifier)
  })

  test('whose challenge she has answered is refused before the service is asked again', async () => {
    const ledger = memoryLedger()
    const request = world.ask()
    await fetchFor(request, { ledger })
    const before = world.guest.heard.length
    expect(await codeOf(fetchFor({ ...request, now: request.now - 60 }, { ledger }))).toBe('SCOPE_USED')
    expect(world.guest.heard).toHaveLength(before)
  })

  test('of another registry, or for policies that did not admit her, is refused', async () => {
    await refusedUnasked({ ...world.ask(), registryId: bytes(1) }, 'REGISTRY_NOT_ACCEPTED')
    const codes = await refusedUnasked({ ...world.ask(), policies: [7n] }, 'SET_TOO_SMALL')
    expect(codes).toContain('POLICY_NOT_ACCEPTED')
  })

  test('that comes when her credential has expired is refused', async () => {
    await refusedUnasked(world.ask(), 'CREDENTIAL_EXPIRED', {
      credential: { ...credential, expiresAt: 3600 },
    })
  })

  test('breaks rules that are all named to her, and none to Bob', async () => {
    const [only] = world.guest.guest.services
    const request = { ...world.ask({ context: bytes(1) }), services: [only?.drv ?? bytes(1)], now: 60 }
    const codes = await refusedUnasked(request, 'REQUEST_TOO_OLD')
    expect(codes).toEqual(['REQUEST_TOO_OLD', 'TOO_FEW_SERVICES', 'CONTEXT_NOT_AGREED'])
  })

  test('that the app turns down once it has seen it goes no further', async () => {
    const onAsked = (): void => {
      throw new VouchError('CANCELLED', { rule: 'the holder said no' })
    }
    await refusedUnasked(world.ask(), 'CANCELLED', { onAsked })
  })
})

describe('a registry', () => {
  test('that has a newer head than her copy is not asked: the Request is refused, and she is told to sync', async () => {
    const mirror = await copyNow()
    await world.crowd(1)
    const { head } = await syncCopy({
      source: await openSource(world.registrarUrl),
      mirror: await openMirror(join(world.folder, `answering-${mirrors++}`)),
      registry: credential.registry,
    })
    const request = world.ask()
    expect(request.root).toBe(head.root)
    await refusedUnasked(request, 'ROOT_NOT_ACCEPTED', { mirror })
    const refused = await fetchFor(request, { mirror }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ hint: expect.stringContaining('alice sync') })
    expect(await codeOf(fetchFor({ ...request, root: head.previousRoot }, { mirror }))).toBe('answered')
  })

  test('that was never synced, or whose copy is being written, is not proven against', async () => {
    const empty = await openMirror(join(world.folder, 'empty'))
    await refusedUnasked(world.ask(), 'HEAD_MISSING', { mirror: empty })
    const mirror = await copyNow()
    const [head, index] = [await mirror.head(), await mirror.index()]
    if (head === undefined || index === undefined) throw new Error('it was synced')
    const torn = { ...index, seq: index.seq + 1, roots: new Uint8Array(32) }
    await mirror.keepHead(head, torn)
    await refusedUnasked(world.ask(), 'HEAD_MISSING', { mirror })
    const answering = fetchFor(world.ask(), { mirror })
    await mirror.keepHead(head, index)
    expect(await codeOf(answering)).toBe('answered')
  })

  test('that is behind the clock, or ahead of it, is not proven against', async () => {
    await refusedUnasked(world.ask(), 'HEAD_TOO_OLD', { caution: { headAge: -1 } })
    const now = () => nowSeconds() - 1000
    await refusedUnasked({ ...world.ask(), now: now() - (now() % 60) }, 'HEAD_FROM_FUTURE', { now })
  })

  test('whose leaves are not those of its head is not proven against', async () => {
    const mirror = await openMirror(join(world.folder, 'lied-to'))
    const source = { ...(await openSource(world.registrarUrl)), bucket: async () => new Uint8Array(72) }
    const { registry } = credential
    expect(await codeOf(syncCopy({ source, mirror, registry }))).toBe('LEAVES_FALSE')
    await refusedUnasked(world.ask(), 'HEAD_MISSING', { mirror })
  })

  test('that is not hers, or whose signer is not the one she pinned, is not proven against', async () => {
    const pinned = (registry: Credential['registry']) => ({ credential: { ...credential, registry } })
    await refusedUnasked(
      world.ask(),
      'REGISTRY_NOT_ACCEPTED',
      pinned({ ...credential.registry, id: bytes(1) }),
    )
    await refusedUnasked(
      world.ask(),
      'SIGNER_NOT_ACCEPTED',
      pinned({ ...credential.registry, signer: bytes(2, 33) }),
    )
  })

  test('that has not published her yet is to be waited for', async () => {
    const fresh = await enrolled(join(world.folder, 'fresh'))
    const ahead = { ...fresh, admittedAt: nowSeconds() + 1 }
    await refusedUnasked(world.ask(), 'CREDENTIAL_UNPUBLISHED', { credential: ahead })
  })

  test('that holds nobody of her name any more says so', async () => {
    const removed = { ...credential, holderSecret: 5n, admittedAt: 0 }
    await refusedUnasked(world.ask(), 'LEAF_MISSING', { credential: removed })
  })
})

describe('a service', () => {
  const reply =
    (change: (content: ReturnType<typeof decodeEnvelope>, ask: Ask) => object, key = 'echo' as const) =>
    (honest: Answer, ask: Ask): Answer => {
      const content = decodeEnvelope(honest.envelope)
      const envelope = encodeEnvelope({ ...content, ...change(content, ask) })
      return { version: 1, envelope, signature: signAs(key, envelope) }
    }

  test.each<[string, (honest: Answer, ask: Ask) => Answer, ErrorCode]>([
    ['answers another question', reply(() => ({ askHash: bytes(1) })), 'ASK_MISMATCH'],
    ['answers with another nonce', reply(() => ({ clientNonce: bytes(1) })), 'NONCE_MISMATCH'],
    [
      'answers with an envelope of long ago',
      reply(({ time }) => ({ time: time - 3600 })),
      'RESPONSE_TIME_REFUSED',
    ],
    ['answers from the future', reply(({ time }) => ({ time: time + 3600 })), 'RESPONSE_TIME_REFUSED'],
    [
      'puts in its own clock where it was told what to put in',
      reply(({ time }) => ({ time: time + 10 })),
      'RESPONSE_TIME_REFUSED',
    ],
    [
      'signs with another key',
      ({ envelope }) => ({ version: 1, envelope, signature: signAs('oracle', envelope) }),
      'SIGNATURE_FALSE',
    ],
    [
      'signs nothing',
      ({ envelope }) => ({ version: 1, envelope, signature: bytes(0, 64) }),
      'SIGNATURE_FALSE',
    ],
  ])('that %s is found out, and nothing is proven', async (_, answer, code) => {
    world.guest.lies = { answer }
    const stages: string[] = []
    expect(await codeOf(fetchFor(world.ask(), { onProgress: (stage) => stages.push(stage) }))).toBe(code)
    expect(stages).toEqual(['registry', 'service'])
  })

  test.each(['silence', 'hang up', 'half', 'flood', 'garbage', 'refusal'] as const)(
    'that answers with %s is given up',
    async (wire) => {
      world.guest.lies = { wire }
      const expected = { garbage: 'JSON_MALFORMED', refusal: 'BUSY' }[wire as string] ?? 'SERVICE_UNREACHABLE'
      const network = { fetch, exchangeLine, timeoutMs: 300 }
      expect(await codeOf(fetchFor(world.ask(), { network, service: 'echo' })), 'by HTTP').toBe(expected)
      expect(await codeOf(fetchFor(world.ask(), { network, service: 'oracle' })), 'by TCP').toBe(expected)
    },
  )

  test.each<[string, Partial<Asking>, ErrorCode]>([
    ['that the agent does not list', { service: 'mailer' }, 'USAGE'],
    [
      'that has a key which was not enrolled, after the guest began anew',
      {
        guest: async () => ({
          ...world.guest.guest,
          services: world.guest.guest.services.map((it) => ({ ...it, instance: 9 })),
        }),
      },
      'LEAF_MISSING',
    ],
    [
      'that can only be asked over TCP, where there is none',
      { service: 'oracle', network: { fetch } },
      'SERVICE_UNREACHABLE',
    ],
  ])('%s is not asked', async (_, changes, code) => {
    await refusedUnasked(world.ask(), code, changes)
  })

  test('that signs under another profile, or that Bob does not accept, is not asked', async () => {
    const profile = {
      guest: async () => ({
        ...world.guest.guest,
        services: world.guest.guest.services.map((it) => ({ ...it, profile: 'eip191' as const })),
      }),
    }
    await refusedUnasked(world.ask(), 'PROFILE_NOT_ACCEPTED', profile)
    const request = { ...world.ask(), services: [bytes(1), bytes(2)] }
    await refusedUnasked(request, 'SERVICE_NOT_ACCEPTED', { caution: { minimumServices: 0 } })
  })

  test('whose address is no address of a service is not asked', async () => {
    const elsewhere = (endpoint: string) => ({
      guest: async () => ({
        ...world.guest.guest,
        services: world.guest.guest.services.map((it) => ({ ...it, endpoint })),
      }),
    })
    for (const endpoint of [
      'file:///etc/passwd',
      'tcp://127.0.0.1',
      'tcp://127.0.0.1:99999',
      'http://[',
      'x',
    ])
      await refusedUnasked(world.ask(), 'SERVICE_UNREACHABLE', elsewhere(endpoint))
  })
})

describe('on the wire', () => {
  test('what was asked goes out only if she wants to show it', async () => {
    const request = world.ask()
    const answered = await fetchFor(request)
    const [hidden, shown] = await Promise.all(
      [false, true].map((showQuestion) =>
        answerOnWire(request, Promise.resolve(answered), { showQuestion }).then(parseReply),
      ),
    )
    expect(hidden?.opening).toBeUndefined()
    expect(shown?.opening).toEqual(answered.opening)
    expect(text(shown?.opening?.message ?? bytes(0))).toBe('hello')
  })

  test('one answer goes back, whether she cannot or will not', async () => {
    const refusals = [
      () => fetchFor({ ...world.ask(), root: 5n }),
      () => fetchFor(world.ask(), { caution: { minimumSet: 1000 } }),
      () => fetchFor(world.ask(), { credential: { ...credential, expiresAt: 3600 } }),
      () => fetchFor(world.ask(), { service: 'mailer' }),
      () => fetchFor(world.ask(), { network: { fetch: () => Promise.reject(new Error('down')) } }),
    ]
    for (const refused of refusals) expect(await answerOnWire(world.ask(), refused())).toBe(REFUSAL)
    expect(JSON.parse(REFUSAL)).toMatchObject({ failures: [{ code: 'REQUEST_REFUSED', exit: 3 }] })
    expect(await answerOnWire(world.ask(), Promise.reject(new Error('a bug of ours')))).toBe(REFUSAL)
  })

  test('a bundle goes out with the Request that it answers', async () => {
    const request = world.ask()
    const { bundle, payload } = await fetchFor(request)
    const reply = await answerOnWire(request, Promise.resolve({ bundle, payload }))
    expect(parseReply(reply)).toEqual({ version: 2, request, bundle })
  })
})

test('a caller who gives up is heard at every stage', async () => {
  for (const last of ['registry', 'service', 'proof'] as const) {
    const controller = new AbortController()
    const onProgress: Asking['onProgress'] = (stage) => stage === last && controller.abort()
    expect(await codeOf(fetchFor(world.ask(), { signal: controller.signal, onProgress }))).toBe('CANCELLED')
  }
})

test('of two answers at one moment, one is given', async () => {
  const ledger = memoryLedger()
  const request = world.ask()
  const codes = await Promise.all([
    codeOf(fetchFor(request, { ledger })),
    codeOf(fetchFor(request, { ledger })),
  ])
  expect([...codes].sort()).toEqual(['SCOPE_USED', 'answered'])
})
