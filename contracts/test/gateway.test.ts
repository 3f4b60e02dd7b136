import type { Question } from '@vouch/chain'
import type { Backend, CircuitName } from '@vouch/circuits'
import { openBackend } from '@vouch/circuits/node'
import { askHash, fixedPath, isSimulated, P, REGISTRY_DEPTH } from '@vouch/protocol'
import { BaseError, bytesToHex, type Hex, hexToBytes, isHex, toHex as numberToHex } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { storyPolicy } from '../../fixtures/story/story.js'
import { NOON } from '../../test/support/proven.js'
import { vouchVerifierAbi } from '../src/index.js'
import { deploy, mined } from './support/chain.js'
import { admitAll, change, deployRegistry, removeLeaf, routeChange } from './support/nodes.js'
import {
  credentialOf,
  openScene,
  questionIn,
  RESPOND,
  register,
  revertOf,
  type Scene,
  type Vouched,
  verifyData,
  verifyOnChain,
  vouch,
} from './support/scene.js'

// Real proofs against real contracts on a chain of their own. The tests share the chain: one that changes it puts it back.

let backend: Backend<CircuitName>
let scene: Scene
/** By challenge, sha256. */
let honest: Vouched

beforeAll(async () => {
  backend = openBackend({ kind: 'native' })
  scene = await openScene(backend)
  honest = await vouch(scene, await questionIn(scene))
}, 600_000)

afterAll(async () => {
  await scene?.chain.stop()
  await backend?.destroy()
})

const refused = (changes: Partial<Vouched>, from = scene.consumer): Promise<string> =>
  revertOf(verifyOnChain(scene, { ...honest, ...changes }, from))
const asking = (changes: Partial<Question>): Promise<string> =>
  refused({ question: { ...honest.question, ...changes } })

/** What the chain is after `work` is what it was before. */
async function passing<Value>(work: () => Promise<Value>): Promise<Value> {
  const id = await scene.client.snapshot()
  try {
    return await work()
  } finally {
    await scene.client.revert({ id })
  }
}

/** One block later, at that time. */
async function moveTo(time: number): Promise<void> {
  await scene.client.setNextBlockTimestamp({ timestamp: BigInt(time) })
  await scene.client.mine({ blocks: 1 })
}

describe('an honest response', () => {
  it('is accepted, and what was proven comes back', async () => {
    expect(await verifyOnChain(scene, honest)).toEqual([
      honest.nullifier,
      bytesToHex(new TextEncoder().encode('hello')),
    ])
  })

  it('is accepted under eip191, within a context, by age', async () => {
    const asked = { profile: 2, hasContext: true, context: `0x${'0c'.repeat(32)}`, maxAge: 300 } as const
    const other = await vouch(scene, await questionIn(scene, asked))
    expect(await verifyOnChain(scene, other)).toEqual([other.nullifier, expect.anything()])
    expect(
      await refused({ ...other, question: { ...other.question, context: honest.question.challenge } }),
    ).toBe('ProofFalse')
  })

  it('is accepted with an empty payload, and with a long one', async () => {
    for (const payload of ['', 'x'.repeat(5000)]) {
      const other = await vouch(scene, honest.question, { payload })
      expect((await verifyOnChain(scene, other))[1]).toBe(bytesToHex(new TextEncoder().encode(payload)))
    }
  })
})

/** An honest proof with the lowest bit of a word turned. */
function brokenAt(word: number): Hex {
  const broken = hexToBytes(honest.proof)
  broken[32 * word + 31] = (broken[32 * word + 31] ?? 0) ^ 1
  return bytesToHex(broken)
}

describe('gas', () => {
  const withGas = (gas: number, proof = honest.proof): Promise<string> =>
    revertOf(verifyOnChain(scene, { ...honest, proof }, scene.consumer, BigInt(gas)))

  it('too little of it decides nothing: an honest proof is never false for want of it', async () => {
    expect(await withGas(500_000)).toBe('GasTooLow')
    for (let gas = 400_000; gas <= 1_200_000; gas += 20_000)
      expect(await withGas(gas), `${gas}`).toBe(gas < 910_000 ? 'GasTooLow' : 'nothing')
  })

  it('enough of it tells that a proof is false', async () => {
    expect(await withGas(500_000, brokenAt(60))).toBe('GasTooLow')
    expect(await withGas(1_100_000, brokenAt(60))).toBe('ProofFalse')
  })
})

describe('the proof, broken', () => {
  it('in any word is false', { timeout: 600_000 }, async () => {
    const words = hexToBytes(honest.proof).length / 32
    for (let word = 0; word < words; word++)
      expect(await refused({ proof: brokenAt(word) }), `word ${word}`).toBe('ProofFalse')
  })

  it('by a second spelling of a word, word + p, is false', async () => {
    const words = [24, 60, 170, 200, 260].map((word) => word * 32)
    for (const at of words) {
      const word = BigInt(`0x${honest.proof.slice(2 + 2 * at, 2 + 2 * (at + 32))}`)
      if (word + P >= 1n << 256n) continue
      const spelt = `${honest.proof.slice(0, 2 + 2 * at)}${numberToHex(word + P, { size: 32 }).slice(2)}`
      const proof = `${spelt}${honest.proof.slice(2 + 2 * (at + 32))}` as Hex
      expect(await refused({ proof }), `word ${at / 32}`).toBe('ProofFalse')
    }
  })

  it('by its length is false', async () => {
    expect(await refused({ proof: '0x' })).toBe('ProofFalse')
    expect(await refused({ proof: honest.proof.slice(0, -64) as Hex })).toBe('ProofFalse')
    expect(await refused({ proof: `${honest.proof}${'00'.repeat(32)}` })).toBe('ProofFalse')
    expect(await refused({ proof: `${honest.proof}00` })).toBe('ProofFalse')
    expect(await refused({ proof: `0x${'00'.repeat(hexToBytes(honest.proof).length)}` })).toBe('ProofFalse')
  })
})

describe('an input, broken', () => {
  it('the challenge is not the one proven for', async () => {
    const challenge = `0x${'c2'.repeat(32)}` as const
    expect(await asking({ challenge })).toBe('NonceMismatch')
    expect(await asking({ challenge, maxAge: 300 })).toBe('ProofFalse')
  })

  it('the way of freshness is not the one proven for', async () => {
    expect(await asking({ maxAge: 300 })).toBe('ProofFalse')
    expect(await asking({ maxAge: 301 })).toBe('FreshnessTooWeak')
  })

  it('a context that was not proven for, or that is there without being used', async () => {
    expect(await asking({ hasContext: true, context: honest.question.challenge })).toBe('ProofFalse')
    expect(await asking({ context: honest.question.challenge })).toBe('ContextUnused')
  })

  it('the envelope answers another question than the contract chose', async () => {
    const opening = askHash(new Uint8Array(32).fill(7), new TextEncoder().encode('hello?'))
    expect(await asking({ askHash: bytesToHex(opening) })).toBe('ProofFalse')
    expect(await asking({ askHash: `0x${'a5'.repeat(32)}` })).toBe('AskMismatch')
    const chosen = await vouch(scene, await questionIn(scene, { askHash: bytesToHex(opening) }))
    expect((await verifyOnChain(scene, chosen))[0]).toBe(chosen.nullifier)
    const left = { ...chosen, question: { ...chosen.question, askHash: `0x${'00'.repeat(32)}` as const } }
    expect(await revertOf(verifyOnChain(scene, left))).toBe('ProofFalse')
  })

  it('the profile is another, or none', async () => {
    expect(await asking({ profile: 2 })).toBe('ProofFalse')
    for (const profile of [0, 3, 255]) expect(await asking({ profile })).toBe('ProfileNotAccepted')
  })

  it('the time is another, off its grid, too old or to come', async () => {
    expect(await asking({ time: BigInt(NOON - 60) })).toBe('ProofFalse')
    expect(await asking({ time: BigInt(NOON + 1) })).toBe('TimeOffGrid')
    expect(await asking({ time: BigInt(NOON - 1200) })).toBe('QuestionTooOld')
    expect(await asking({ time: BigInt(NOON + 7200) })).toBe('QuestionFromFuture')
    expect(await asking({ time: (1n << 64n) - 16n })).toBe('QuestionFromFuture')
  })

  it('the root is none of the registry’s, or no field element', async () => {
    expect(await asking({ root: honest.question.root ^ 1n })).toBe('RootUnknown')
    expect(await asking({ root: honest.question.root + P })).toBe('RootUnknown')
  })

  it('the nullifier is another, or no field element', async () => {
    expect(await refused({ nullifier: honest.nullifier ^ 1n })).toBe('ProofFalse')
    expect(await refused({ nullifier: honest.nullifier + P })).toBe('NullifierTooLarge')
    expect(await refused({ nullifier: (1n << 256n) - 1n })).toBe('NullifierTooLarge')
  })

  it('the envelope differs in a byte, or has another form', async () => {
    const flipped = hexToBytes(honest.envelope)
    for (const at of [70, 101, flipped.length - 1]) {
      const other = flipped.slice()
      other[at] = (other[at] ?? 0) ^ 1
      expect(await refused({ envelope: bytesToHex(other) }), `byte ${at}`).toBe('ProofFalse')
    }
    for (const at of [0, 17, 18, 21, 54, 57, 58, 66, 69, 102, 105]) {
      const other = flipped.slice()
      other[at] = (other[at] ?? 0) ^ 1
      expect(await refused({ envelope: bytesToHex(other) }), `byte ${at}`).toBe('EnvelopeMalformed')
    }
    expect(await refused({ envelope: `${honest.envelope}00` })).toBe('EnvelopeMalformed')
    expect(await refused({ envelope: '0x' })).toBe('EnvelopeMalformed')
  })

  it('calldata that is cut anywhere reverts, without a word', async () => {
    const data = verifyData(honest)
    expect(await said(data)).toBe('nothing')
    const lengths = [0, 1, 2, 3, ...Array.from({ length: (data.length - 10) / 64 }, (_, i) => 4 + 32 * i)]
    for (const length of lengths)
      expect(await said(data.slice(0, 2 + 2 * length) as Hex), `${length} bytes`).toBe('0x')
  })

  it.each([
    ['a flag of 2', 1, 2n],
    ['profile 256', 3, 256n],
    ['a maximum age of 2^32', 4, 1n << 32n],
    ['a time of 2^64', 5, 1n << 64n],
    ['the envelope at 2^64', 8, 1n << 64n],
    ['the envelope at the end of numbers', 8, (1n << 256n) - 1n],
    ['an envelope of 2^64 bytes', 11, 1n << 64n],
    ['an envelope without end', 11, (1n << 256n) - 1n],
    ['the proof at 2^255', 10, 1n << 255n],
    ['the proof beyond its end', 10, 1n << 32n],
  ])('calldata with %s reverts, without a word', async (_, word, value) => {
    const at = 10 + 64 * word
    const data = verifyData(honest)
    const changed = `${data.slice(0, at)}${numberToHex(value, { size: 32 }).slice(2)}${data.slice(at + 64)}`
    expect(await said(changed as Hex)).toBe('0x')
  })
})

/** The data that a call of the gateway reverts with. */
async function said(data: Hex): Promise<Hex | 'nothing'> {
  try {
    await scene.client.call({ to: scene.gateway, data, account: scene.consumer })
    return 'nothing'
  } catch (error) {
    const found =
      error instanceof BaseError && error.walk((cause) => isHex((cause as { data?: unknown }).data))
    if (!(error instanceof BaseError) || !/revert/.test(error.message)) throw error
    return found ? ((found as unknown as { data: Hex }).data ?? '0x') : '0x'
  }
}

describe('what the consumer believes', () => {
  const stranger = '0x00000000000000000000000000000000000000aa'

  it('is the caller’s own: a proof for one is nothing to another', async () => {
    expect(await refused({}, stranger)).toBe('ConsumerUnknown')
    await passing(async () => {
      await scene.client.impersonateAccount({ address: stranger })
      await scene.client.setBalance({ address: stranger, value: 10n ** 18n })
      const args = [RESPOND, scene.policy] as const
      const call = { address: scene.gateway, abi: vouchVerifierAbi, functionName: 'register', args } as const
      await mined(scene.client, await scene.client.writeContract({ ...call, account: stranger }))
      expect(await refused({}, stranger)).toBe('ProofFalse')
    })
  })

  it('may change, and what was proven for it before is void', async () => {
    await passing(async () => {
      await register(scene.client, scene.gateway, { ...scene.policy, requestAge: 601 })
      expect(await refused({})).toBe('ProofFalse')
      const again = await vouch(scene, honest.question)
      expect(await verifyOnChain(scene, again)).toEqual([honest.nullifier, expect.anything()])
    })
  })

  it('without a profile, takes no response under it', async () => {
    await passing(async () => {
      const [sha256] = scene.policy.services
      await register(scene.client, scene.gateway, {
        ...scene.policy,
        services: sha256 === undefined ? [] : [sha256],
      })
      expect(await asking({ profile: 2 })).toBe('ProfileNotAccepted')
    })
  })

  it.each<[string, (policy: Scene['policy']) => Partial<Scene['policy']>, string]>([
    ['a skew above an hour', () => ({ clockSkew: 3601 }), 'AgesInvalid'],
    ['a root age of zero', () => ({ rootAge: 0 }), 'AgesInvalid'],
    ['a request age above a year', () => ({ requestAge: 31_536_001 }), 'AgesInvalid'],
    ['a response age above a week', () => ({ responseAge: 604_801 }), 'AgesInvalid'],
    ['no policies', () => ({ policies: [] }), 'PoliciesInvalid'],
    [
      'seventeen policies',
      () => ({ policies: Array.from({ length: 17 }, (_, i) => BigInt(i)) }),
      'PoliciesInvalid',
    ],
    ['a policy twice', () => ({ policies: [1n, 1n] }), 'PoliciesInvalid'],
    ['policies that descend', () => ({ policies: [2n, 1n] }), 'PoliciesInvalid'],
    ['no policy id', () => ({ policies: [1n << 249n] }), 'PoliciesInvalid'],
    ['a simulated policy, not in so many words', () => ({ simulated: false }), 'PoliciesInvalid'],
    ['no profile', () => ({ services: [] }), 'ProfilesInvalid'],
    ['an unknown profile', () => ({ services: [{ profile: 3, drvs: [RESPOND] }] }), 'ProfilesInvalid'],
    ['profile zero', () => ({ services: [{ profile: 0, drvs: [RESPOND] }] }), 'ProfilesInvalid'],
    ['a profile twice', (p) => ({ services: [...p.services, ...p.services] }), 'ProfilesInvalid'],
    ['no services', () => ({ services: [{ profile: 1, drvs: [] }] }), 'ServicesInvalid'],
    ['a service twice', () => ({ services: [{ profile: 1, drvs: [RESPOND, RESPOND] }] }), 'ServicesInvalid'],
    ['too many services', () => ({ services: [{ profile: 1, drvs: drvs(257) }] }), 'ServicesInvalid'],
  ])('is refused with %s', async (_, change, error) => {
    const policy = { ...scene.policy, ...change(scene.policy) }
    expect(await revertOf(register(scene.client, scene.gateway, policy))).toBe(error)
  })

  it('may be as long as a policy can be, and is stored whole or not at all', async () => {
    const services = [1, 2].map((profile) => ({ profile, drvs: drvs(256) }))
    const policies = Array.from({ length: 16 }, (_, i) => BigInt(i + 1))
    const args = [RESPOND, { ...scene.policy, services, policies }] as const
    const call = { address: scene.gateway, abi: vouchVerifierAbi, functionName: 'register', args } as const
    const { account } = scene.client
    const gas = await scene.client.estimateContractGas({ ...call, account })
    expect(await revertOf(scene.client.simulateContract({ ...call, account, gas }))).toBe('nothing')
    const short = scene.client.simulateContract({ ...call, account, gas: gas - 1_000_000n })
    expect(await revertOf(short)).toBe('ListingFailed')
  })
})

const drvs = (count: number): Hex[] =>
  Array.from({ length: count }, (_, i) => numberToHex(i + 1, { size: 32 }))

describe('time', () => {
  it('a response that is too old, or ahead of the clock, is refused', async () => {
    const question = { ...honest.question, maxAge: 60 }
    const old = await vouch(scene, question, { time: NOON - 600 })
    expect(await refused(old)).toBe('ResponseTooOld')
    const early = await vouch(scene, honest.question, { time: NOON + 7200 })
    expect(await refused(early)).toBe('ResponseFromFuture')
  })

  it('a question does not outlive the consumer’s request_age', async () => {
    await passing(async () => {
      await moveTo(NOON + 600 + 60)
      expect(await refused({})).toBe('nothing')
      await moveTo(NOON + 600 + 60 + 1)
      expect(await refused({})).toBe('QuestionTooOld')
    })
  })
})

describe('the registry', () => {
  const late = [99n, storyPolicy, BigInt(NOON + 48 * 3600)] as const

  it('keeps a superseded root acceptable for as long as the consumer says', async () => {
    await passing(async () => {
      await register(scene.client, scene.gateway, { ...scene.policy, rootAge: 30 })
      const before = await vouch(scene, honest.question)
      await admitAll(scene.client, scene.registry, [late])
      const { timestamp } = await scene.client.getBlock()
      await moveTo(Number(timestamp) + 30)
      expect(await refused(before)).toBe('nothing')
      await moveTo(Number(timestamp) + 31)
      expect(await refused(before)).toBe('RootTooOld')
    })
  })

  it('a removed leaf fails at once, and so does every root that held it', async () => {
    await passing(async () => {
      const [north] = scene.machines
      const { policyId, expiresAt } = north.holding
      const { siblings } = fixedPath(REGISTRY_DEPTH, scene.leaves, 3)
      const place = { policyId, expiresAt: BigInt(expiresAt), siblings }
      await removeLeaf(scene.client, scene.registry, credentialOf(north), place)
      expect(await refused({})).toBe('RootWithdrawn')
      const after = await questionIn(scene)
      await expect(vouch(scene, after)).rejects.toMatchObject({ code: 'ROOT_NOT_ACCEPTED' })
      expect(await refused({ question: after })).toBe('ProofFalse')
    })
  })

  it('paused, lets nothing through', async () => {
    await passing(async () => {
      await change(scene.client, scene.registry, 'Pause')
      expect(await refused({})).toBe('Paused')
      await change(scene.client, scene.registry, 'Unpause')
      expect(await refused({})).toBe('nothing')
    })
  })

  it('is the gateway’s own: another registry’s roots are nothing here', async () => {
    const other = await deployRegistry(scene.client, [storyPolicy])
    await admitAll(scene.client, other, [late])
    expect(await asking({ root: (await questionIn({ ...scene, registry: other })).root })).toBe('RootUnknown')
  })
})

describe('routes', () => {
  const send = async (...words: Parameters<typeof routeChange>[3]) =>
    sendSigned(await routeChange(scene.client, scene.registry, scene.gateway, words))
  const sendSigned = async (args: Awaited<ReturnType<typeof routeChange>>) => {
    const call = { address: scene.gateway, abi: vouchVerifierAbi, functionName: 'changeRoute', args } as const
    return mined(scene.client, await scene.client.writeContract(call))
  }
  const ANOTHER: Hex = `0x${'77'.repeat(32)}`

  it('are disabled and enabled by quorum', async () => {
    await passing(async () => {
      await send('Disable', RESPOND, scene.verifier)
      expect(await refused({})).toBe('CircuitUnavailable')
      await send('Enable', RESPOND, scene.verifier)
      expect(await refused({})).toBe('nothing')
      expect(await revertOf(send('Enable', RESPOND, scene.verifier))).toBe('RouteFixed')
    })
  })

  it('once frozen, are so for ever', async () => {
    await passing(async () => {
      await send('Freeze', RESPOND, scene.verifier)
      expect(await refused({})).toBe('CircuitUnavailable')
      expect(await revertOf(send('Enable', RESPOND, scene.verifier))).toBe('RouteFixed')
      expect(await revertOf(send('Add', RESPOND, scene.verifier))).toBe('RouteFixed')
    })
  })

  it('are added, and never edited', async () => {
    await passing(async () => {
      await send('Add', ANOTHER, scene.verifier)
      expect(await revertOf(send('Add', ANOTHER, scene.registry))).toBe('RouteFixed')
      expect(await revertOf(send('Disable', ANOTHER, scene.registry))).toBe('VerifierInvalid')
    })
  })

  it('lead to contracts, and are known', async () => {
    expect(await revertOf(send('Add', ANOTHER, `0x${'00'.repeat(20)}`))).toBe('VerifierInvalid')
    expect(await revertOf(send('Disable', ANOTHER, scene.verifier))).toBe('CircuitUnknown')
    const args = [ANOTHER, scene.policy] as const
    const call = { address: scene.gateway, abi: vouchVerifierAbi, functionName: 'register', args } as const
    expect(await revertOf(scene.client.writeContract(call))).toBe('CircuitUnknown')
  })

  it('change by a quorum alone, once, in time', async () => {
    const words = ['Disable', RESPOND, scene.verifier] as const
    const { client, registry, gateway } = scene
    expect(await revertOf(sendSigned(await routeChange(client, registry, gateway, words, 1)))).toBe(
      'BelowThreshold',
    )
    const signed = await routeChange(client, registry, gateway, words)
    await passing(async () => {
      await sendSigned(signed)
      expect(await revertOf(sendSigned(signed))).toBe('SequenceWrong')
    })
    await passing(async () => {
      await moveTo(Number(signed[0].deadline) + 1)
      expect(await revertOf(sendSigned(signed))).toBe('DeadlinePassed')
    })
    const other = await deploy(client, 'VouchVerifier', [registry, RESPOND, scene.verifier])
    const [, elsewhere] = await routeChange(client, registry, other, words)
    // What was signed for another gateway recovers to strangers here.
    expect(await revertOf(sendSigned([signed[0], elsewhere]))).toBe('NotMember')
  })
})

describe('a gateway', () => {
  it('is not made without a registry, or without a verifier', async () => {
    const nobody = `0x${'00'.repeat(20)}` as const
    const made = (...args: unknown[]) => revertOf(deploy(scene.client, 'VouchVerifier', args))
    expect(await made(nobody, RESPOND, scene.verifier)).toBe('RegistryInvalid')
    expect(await made(scene.registry, RESPOND, nobody)).toBe('VerifierInvalid')
  })

  it('takes no digest and no leaf, and gives none', () => {
    const words = JSON.stringify(vouchVerifierAbi.filter(({ type }) => type === 'function'))
    expect(words).not.toMatch(/digest|leaf|requestHash|publicInputs/i)
  })
})

describe('integrator responsibilities: what the call does not check', () => {
  it('1. that it was not shown before: it succeeds again', async () => {
    for (let i = 0; i < 2; i++) await verifyOnChain(scene, honest)
  })

  it('2. that the challenge is the caller’s: it names whatever is sent', async () => {
    const chosen = await vouch(scene, { ...honest.question, challenge: `0x${'00'.repeat(32)}` })
    await verifyOnChain(scene, chosen)
  })

  it('3. that the challenge is new: by challenge, a months-old response to it counts', async () => {
    const old = await vouch(scene, honest.question, { time: NOON - 90 * 86_400 })
    await verifyOnChain(scene, old)
  })

  it('5. what the payload says, or what was asked', async () => {
    const other = await vouch(scene, honest.question, { payload: 'anything at all' })
    await verifyOnChain(scene, other)
  })

  it('6. that different nullifiers are different holders: another challenge shows another', async () => {
    const other = await vouch(scene, { ...honest.question, challenge: `0x${'c3'.repeat(32)}` })
    await verifyOnChain(scene, other)
    expect(other.nullifier).not.toBe(honest.nullifier)
  })

  it('7. that policies are good: a simulated one, retired since, passes where it is listed', async () => {
    expect(isSimulated(storyPolicy)).toBe(true)
    await passing(async () => {
      const policies = [1n, storyPolicy]
      await register(scene.client, scene.gateway, { ...scene.policy, policies })
      await change(scene.client, scene.registry, 'RetirePolicy', numberToHex(storyPolicy, { size: 32 }))
      await verifyOnChain(scene, await vouch(scene, honest.question))
    })
  })

  it('8. gas: a false proof burns all that it is given', async () => {
    const GIVEN = 3_000_000n
    // The last word is a coordinate: what it makes is no point of the curve.
    const proof = brokenAt(hexToBytes(honest.proof).length / 32 - 1)
    await passing(async () => {
      const data = verifyData({ ...honest, proof })
      const hash = await scene.client.sendTransaction({ to: scene.gateway, data, gas: GIVEN })
      const { status, gasUsed } = await scene.client.waitForTransactionReceipt({ hash })
      expect(status).toBe('reverted')
      expect(gasUsed).toBeGreaterThan((GIVEN * 95n) / 100n)
    })
  })
})
