import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { admissionPolicyId } from '@vouch/evidence'
import { type Credential, type ErrorCode, parseReceipt, signHead, VouchError } from '@vouch/protocol'
import {
  type BeginParameters,
  type Begun,
  beginEnrollment,
  credentialOf,
  type Enrolling,
  type EnrollParametersByNet,
  enroll,
  finishEnrollment,
} from '@vouch/prover'
import type { RegistrySource } from '@vouch/registry'
import { openMirror, openSource } from '@vouch/registry/node'
import { testPolicy } from '@vouch/registry/testing/enrolling'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Lies, nowSeconds } from '../testing/guest.js'
import { openWorld, type World } from '../testing/world.js'

// What Alice refuses before her evidence goes to anybody: agents, registrars and networks that lie.

let world: World
beforeAll(async () => {
  world = await openWorld()
  await world.crowd(3)
})
afterAll(() => world.close())
afterEach(() => {
  world.guest.lies = {}
})

/** What left this process, and what was kept. */
interface Traces {
  readonly sent: string[]
  readonly drafts: Begun[]
}

let runs = 0

interface Run extends Traces {
  readonly outcome: Credential | ErrorCode
  readonly error: VouchError | undefined
}

async function run(
  changes: Partial<EnrollParametersByNet> = {},
  doing: Partial<Enrolling> = {},
  respond?: (url: string) => Response | undefined,
): Promise<Run> {
  const traces: Traces = { sent: [], drafts: [] }
  const network: Enrolling['network'] = {
    fetch: async (url, init) => {
      traces.sent.push(`${init?.method ?? 'GET'} ${new URL(String(url)).pathname}`)
      return respond?.(String(url)) ?? fetch(url, init)
    },
    timeoutMs: 5000,
  }
  const mirror = join(world.folder, `mirror-${runs++}`)
  const parameters: EnrollParametersByNet = {
    agent: world.guest.url,
    registrar: world.registrarUrl,
    source: await openSource(world.registrarUrl),
    mirrorOf: () => openMirror(mirror),
    keepDraft: async (begun) => void traces.drafts.push(begun),
    ...changes,
  }
  const enrolling: Enrolling = {
    network,
    backend: world.backend,
    now: nowSeconds,
    random: (size) => new Uint8Array(randomBytes(size)),
    ...doing,
  }
  try {
    return { ...traces, outcome: await enroll(parameters, enrolling), error: undefined }
  } catch (error) {
    if (!(error instanceof VouchError)) throw error
    return { ...traces, outcome: error.code, error }
  }
}

/** Refused, and neither evidence nor proof went anywhere, nor was anything kept. */
async function refusedUnseen(running: Promise<Run>, code: ErrorCode): Promise<Run> {
  const before = await world.registrar.registry.counts()
  const finished = await running
  expect(finished.outcome).toBe(code)
  expect(finished.sent).not.toContain('POST /enroll')
  expect(finished.drafts).toEqual([])
  expect(await world.registrar.registry.counts()).toEqual(before)
  return finished
}

const bytes = (fill: number, size = 32): Uint8Array => new Uint8Array(size).fill(fill)

describe('enrolling', () => {
  test('ends with a credential for the policy and the very tree, kept as a draft before anything was sent', async () => {
    const stages: string[] = []
    const { outcome, drafts, sent } = await run({}, { onProgress: (stage) => stages.push(stage) })
    const credential = outcome as Credential
    expect(stages).toEqual(['registry', 'guest', 'nonce', 'attestation', 'proof', 'admission'])
    expect(credential).toMatchObject({
      policyId: admissionPolicyId(world.policy),
      guest: world.guest.guest,
      leavesBefore: world.head().size,
      registry: { id: world.head().registryId, signer: world.head().signer },
    })
    expect(drafts.map(({ draft }) => draft.holderSecret)).toEqual([credential.holderSecret])
    expect(sent.at(-1)).toBe('POST /enroll')
    expect(await world.registrar.registry.find(credentialOf(credential))).toMatchObject({
      expiresAt: credential.expiresAt,
    })
  })

  test('leaves it to the registrar to have the revocation lists that its policy requires', async () => {
    const collateral = { ...world.policy.collateral, revocation: 'required' } as const
    const { outcome, sent } = await run({ policies: [{ ...world.policy, collateral }] })
    expect(outcome).toBe('POLICY_NOT_ACCEPTED')
    expect(sent.at(-1)).toBe('POST /enroll')
  })

  test('draws a fresh secret each time: two credentials of one guest share nothing', async () => {
    const [one, two] = [(await run()).outcome as Credential, (await run()).outcome as Credential]
    expect(one.holderSecret).not.toBe(two.holderSecret)
    expect(credentialOf(one)).not.toBe(credentialOf(two))
  })
})

describe('an agent', () => {
  test.each<[string, Lies, ErrorCode]>([
    [
      'whose services do not make the tree that it names',
      { guest: (guest) => ({ ...guest, smtRoot: 7n }) },
      'SERVICE_TREE_FALSE',
    ],
    [
      'that leaves out a service of its tree',
      { guest: (guest) => ({ ...guest, services: guest.services.slice(1) }) },
      'SERVICE_TREE_FALSE',
    ],
    [
      'that attests another tree than it lists',
      { attestation: (honest) => ({ ...honest, smtRoot: 7n }) },
      'SERVICE_TREE_FALSE',
    ],
    [
      'that attests for another nonce',
      { attestation: (honest) => ({ ...honest, nonce: bytes(9) }) },
      'NONCE_MISMATCH',
    ],
    ['that replays evidence of another nonce', { nonce: bytes(9) }, 'REPORT_DATA_MISMATCH'],
    [
      'whose hardware signed other REPORT_DATA than it says',
      { report: { reportData: bytes(9, 64) } },
      'REPORT_DATA_MISMATCH',
    ],
    [
      'that attests another image than it names',
      { attestation: (honest) => ({ ...honest, osImageHash: bytes(9) }) },
      'IMAGE_NOT_ACCEPTED',
    ],
    [
      'that names other GPUs than REPORT_DATA binds',
      { attestation: (honest) => ({ ...honest, gpuDigest: bytes(9) }) },
      'REPORT_DATA_MISMATCH',
    ],
    [
      'whose evidence was altered',
      {
        attestation: (honest) => ({
          ...honest,
          evidence: honest.evidence.map((file) =>
            file.length === 1184 ? Uint8Array.from(file, (byte, i) => (i === 0x90 ? byte ^ 1 : byte)) : file,
          ),
        }),
      },
      'EVIDENCE_SIGNATURE_FALSE',
    ],
    [
      'that has no evidence',
      { attestation: (honest) => ({ ...honest, evidence: [bytes(1)] }) },
      'EVIDENCE_MISSING',
    ],
    ['of a guest that may be debugged', { report: { debug: true } }, 'DEBUG_NOT_ACCEPTED'],
    [
      'of a guest that boots something else',
      { report: { measurement: bytes(1, 48) } },
      'MEASUREMENT_NOT_ACCEPTED',
    ],
  ])('%s is found out before anything is sent', async (_, lies, code) => {
    world.guest.lies = lies
    await refusedUnseen(run(), code)
  })

  test('of an image that the policy does not accept is found out before anything is sent', async () => {
    await refusedUnseen(run({ policies: [testPolicy({ osImages: [bytes(1)] })] }), 'IMAGE_NOT_ACCEPTED')
  })

  test.each<[NonNullable<Lies['wire']>, ErrorCode, string]>([
    ['silence', 'AGENT_UNREACHABLE', 'no answer within 300 ms'],
    ['half', 'AGENT_UNREACHABLE', 'no answer within 300 ms'],
    ['hang up', 'AGENT_UNREACHABLE', '127.0.0.1'],
    ['flood', 'AGENT_UNREACHABLE', 'too long'],
    ['garbage', 'JSON_MALFORMED', 'JSON'],
    ['refusal', 'BUSY', 'the agent refuses'],
  ])('that answers with %s is given up, in time and with the reason', async (wire, code, words) => {
    world.guest.lies = { wire }
    const network = { fetch, timeoutMs: 300 }
    const { error } = await refusedUnseen(run({}, { network }), code)
    expect(error?.message).toContain(words)
    expect(error?.message).toMatch(/^[\x20-\x7e…]*$/)
  })

  test('that is not there at all is said to be unreachable', async () => {
    await refusedUnseen(run({ agent: 'http://127.0.0.1:9' }), 'AGENT_UNREACHABLE')
  })
})

describe('a registrar', () => {
  const head = () => world.head()
  const honest = (): Promise<RegistrySource> => openSource(world.registrarUrl)

  test('that is not the one that is expected is refused before the agent is asked', async () => {
    for (const [expected, code] of [
      [{ id: bytes(1) }, 'REGISTRY_NOT_ACCEPTED'],
      [{ signer: bytes(2, 33) }, 'SIGNER_NOT_ACCEPTED'],
    ] as const) {
      const { sent } = await refusedUnseen(run({ expected }), code)
      expect(sent).toEqual([])
    }
  })

  test('whose head nobody signed is refused', async () => {
    const source = { ...(await honest()), head: async () => ({ ...head(), time: head().time + 1 }) }
    await refusedUnseen(run({ source }), 'HEAD_SIGNATURE_FALSE')
  })

  test('that shows two histories, or goes back, is refused by whoever saw the first', async () => {
    const key = bytes(5)
    const mirror = await openMirror(join(world.folder, 'remembered'))
    const signed = (seq: number, time: number) => signHead({ ...head(), seq, time }, key)
    const begin = async (seq: number, time: number, size = head().size) => {
      const source = { ...(await honest()), head: async () => signHead({ ...signed(seq, time), size }, key) }
      return run({ source, mirrorOf: async () => mirror })
    }
    expect(typeof (await begin(50, head().time + 50)).outcome).toBe('object')
    await refusedUnseen(begin(40, head().time + 40), 'HEAD_TOO_OLD')
    await refusedUnseen(begin(51, head().time + 51, head().size - 1), 'HEAD_FORKED')
    const other = signHead({ ...head(), seq: 60, time: head().time + 60 }, bytes(6))
    const source = { ...(await honest()), head: async () => other }
    await refusedUnseen(run({ source, mirrorOf: async () => mirror }), 'SIGNER_NOT_ACCEPTED')
  })

  test('that offers several policies leaves the choice to the holder', async () => {
    const policies = [world.policy, testPolicy({ name: 'made for her' })]
    const { error } = await refusedUnseen(run({ policies }), 'USAGE')
    expect(error?.given).toContain('made for her')
    await refusedUnseen(run({ policies: [] }), 'USAGE')
  })

  test('whose nonce is for another credential, or of another registry, gets no evidence', async () => {
    const ticket = (registryId: Uint8Array, credential: string) => (url: string) =>
      url.endsWith('/nonce')
        ? Response.json({
            version: 1,
            registry_id: Buffer.from(registryId).toString('hex'),
            credential,
            random: '00'.repeat(32),
          })
        : undefined
    const other = await refusedUnseen(
      run({}, {}, ticket(head().registryId, '01'.repeat(32))),
      'NONCE_UNKNOWN',
    )
    expect(other.sent).not.toContain('POST /attestation')
    await refusedUnseen(run({}, {}, ticket(bytes(3), '01'.repeat(32))), 'NONCE_UNKNOWN')
  })

  test.each<[string, (receipt: Record<string, unknown>) => object]>([
    ['under a policy of her own', (receipt) => ({ ...receipt, policy_id: `00${'ab'.repeat(31)}` })],
    [
      'for longer than the policy gives',
      (receipt) => ({ ...receipt, expires_at: Number(receipt.expires_at) + 7200 }),
    ],
    ['until a second of her own', (receipt) => ({ ...receipt, expires_at: Number(receipt.expires_at) + 1 })],
    ['for a credential that is not hers', (receipt) => ({ ...receipt, credential: '01'.repeat(32) })],
  ])('that admits her %s is not gone along with', async (_, lie) => {
    const { draft } = (await run()).drafts[0] as Begun
    const receipt = {
      version: 1,
      registry_id: Buffer.from(draft.registry.id).toString('hex'),
      credential: credentialOf(draft).toString(16).padStart(64, '0'),
      policy_id: draft.policyId.toString(16).padStart(64, '0'),
      expires_at: draft.expiresAt,
    }
    const told = (content: object) => parseReceipt(JSON.stringify(content))
    const sooner = { ...receipt, expires_at: Number(receipt.expires_at) - 7200 }
    expect(finishEnrollment(draft, told(sooner), 5)).toMatchObject({ expiresAt: sooner.expires_at })
    expect(finishEnrollment(draft, told(receipt), 5)).toMatchObject({ admittedAt: 5 })
    expect(() => finishEnrollment(draft, told(lie(receipt)), 5)).toThrow(
      expect.objectContaining({ code: 'RECEIPT_NOT_ACCEPTED' }),
    )
  })

  test('that refuses says why in its own code', async () => {
    const refusal = { failures: [{ code: 'QUOTA_EXCEEDED', exit: 3, rule: 'two at most' }] }
    const { outcome, error } = await run({}, {}, (url) =>
      url.endsWith('/enroll') ? Response.json(refusal, { status: 403 }) : undefined,
    )
    expect(outcome).toBe('QUOTA_EXCEEDED')
    expect(error?.rule).toContain('the registrar refuses')
  })

  test('whose answer goes missing leaves a draft to go on from', async () => {
    const { outcome, drafts } = await run({}, {}, (url) =>
      url.endsWith('/enroll') ? new Response('', { status: 502 }) : undefined,
    )
    expect(outcome).toBe('REGISTRY_UNREACHABLE')
    expect(drafts).toHaveLength(1)
  })

  test('that is not there is unreachable', async () => {
    const source = await openSource('http://127.0.0.1:9')
    await refusedUnseen(run({ source, registrar: 'http://127.0.0.1:9' }), 'REGISTRY_UNREACHABLE')
  })
})

describe('a caller who gives up', () => {
  test('is heard at every stage', async () => {
    for (const last of ['registry', 'guest', 'nonce', 'attestation', 'proof'] as const) {
      const controller = new AbortController()
      const onProgress: Enrolling['onProgress'] = (stage) => stage === last && controller.abort()
      await refusedUnseen(run({}, { signal: controller.signal, onProgress }), 'CANCELLED')
    }
  })

  test('does not wait for an agent that says nothing', async () => {
    world.guest.lies = { wire: 'silence' }
    const controller = new AbortController()
    const onProgress: Enrolling['onProgress'] = (stage) =>
      void (stage === 'guest' && setTimeout(() => controller.abort(), 50))
    await refusedUnseen(run({}, { signal: controller.signal, onProgress }), 'CANCELLED')
  })
})

test('beginning tells nobody anything: registry and agent are read', async () => {
  const { guest } = world
  const before = guest.heard.length
  const parameters: BeginParameters = {
    agent: guest.url,
    source: await openSource(world.registrarUrl),
    mirrorOf: () => openMirror(join(world.folder, 'beginning')),
    policies: [world.policy],
  }
  const random = (size: number) => new Uint8Array(randomBytes(size))
  await beginEnrollment(parameters, { network: { fetch }, backend: world.backend, now: nowSeconds, random })
  expect(guest.heard.slice(before)).toEqual(['GET /info'])
})
