import { readFileSync } from 'node:fs'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import {
  type AcceptancePolicy,
  buildServiceTree,
  compareBytes,
  credential,
  type Envelope,
  encodeEnvelope,
  fixedRoot,
  fromHex,
  type Head,
  jsonObject,
  PROFILES,
  type ProfileName,
  policyId,
  publicKeyFromUncompressed,
  REGISTRY_DEPTH,
  registryLeaf,
  type Service,
  signHead,
  toInteger,
} from '@vouch/protocol'
import type { Holding, SignedEnvelope } from '@vouch/prover'

// The fixture story: two simulated machines with three services each, in a registry of 32 leaves. Its keys are public
// (`fixtures/story/keys.json`), so whatever is proven with them shows that the machinery works, and nothing else.

export type ServiceName = 'echo' | 'oracle' | 'mailer'

interface Keys {
  readonly registrar: string
  readonly registry_id: string
  readonly policy: { readonly note: string; readonly kinds: readonly string[]; readonly version: number }
  readonly drvs: Readonly<Record<ServiceName, string>>
  readonly machines: readonly {
    readonly name: string
    readonly os_image_hash: string
    readonly holder_secret: string
    readonly services: readonly {
      readonly name: ServiceName
      readonly instance: number
      readonly secret_key: string
    }[]
  }[]
  readonly strangers: readonly { readonly smt_root: string; readonly holder_secret: string }[]
}

const keys: Keys = JSON.parse(
  readFileSync(new URL('../../fixtures/story/keys.json', import.meta.url), 'utf8'),
)

export interface Machine {
  readonly name: string
  readonly osImageHash: Uint8Array
  readonly holding: Holding
  readonly secretKeys: Readonly<Record<ServiceName, Uint8Array>>
  readonly services: Readonly<Record<ServiceName, Service>>
}

export interface Story {
  readonly machines: readonly [north: Machine, south: Machine]
  readonly leaves: readonly bigint[]
  readonly head: Head
  readonly acceptance: AcceptancePolicy
}

const LIFETIME = 48 * 3600
const HOUR = 3600

/** The policy that admitted everybody in the story. It names simulated evidence, and its id shows it. */
export const storyPolicy = policyId(jsonObject({ ...keys.policy }), { simulated: true })

/** drv of a service in the story. */
export const drvNamed = (name: ServiceName): Uint8Array => fromHex(keys.drvs[name])

/** The image that the story's first machine runs. */
export const osImage = fromHex(keys.machines[0]?.os_image_hash ?? '')

/** The registrar's key. */
export const registrarKey = fromHex(keys.registrar)

/** The whole story as of a time. `holderSecret` gives both machines one holder: only to show that nobody can tell. */
export function makeStory(now: number, holderSecret?: bigint): Story {
  const expiresAt = now - (now % HOUR) + LIFETIME
  const [north, south] = keys.machines.map((machine) => machineOf(machine, expiresAt, holderSecret))
  if (north === undefined || south === undefined) throw new Error('the story has two machines')
  const strangers = keys.strangers.map(({ smt_root, holder_secret }) =>
    registryLeaf(credential(fieldIn(smt_root), fieldIn(holder_secret)), storyPolicy, expiresAt),
  )
  const leaves = [
    ...strangers.slice(0, 7),
    leafOf(north),
    ...strangers.slice(7, 20),
    leafOf(south),
    ...strangers.slice(20),
  ]
  const head = signHead(
    {
      registryId: fromHex(keys.registry_id),
      seq: 5,
      size: leaves.length,
      root: fixedRoot(REGISTRY_DEPTH, leaves),
      previousRoot: fixedRoot(REGISTRY_DEPTH, leaves.slice(0, -1)),
      time: now - 120,
    },
    registrarKey,
  )
  return { machines: [north, south], leaves, head, acceptance: acceptanceOf(head) }
}

/** The registry leaf of a machine. */
export function leafOf({ holding }: Machine): bigint {
  const root = buildServiceTree(holding.services).root
  return registryLeaf(credential(root, holding.holderSecret), holding.policyId, holding.expiresAt)
}

/** A service's signed answer, as the reference signer gives it. */
export function answer(
  machine: Machine,
  name: ServiceName,
  profile: ProfileName,
  content: Envelope,
): SignedEnvelope {
  const envelope = encodeEnvelope(content)
  const signature = secp256k1.sign(PROFILES[profile].digest(envelope), machine.secretKeys[name], {
    prehash: false,
  })
  return { envelope, signature, service: machine.services[name] }
}

function machineOf(machine: Keys['machines'][number], expiresAt: number, holderSecret?: bigint): Machine {
  const named = machine.services.map(({ name, instance, secret_key }) => {
    const publicKey = publicKeyFromUncompressed(secp256k1.getPublicKey(fromHex(secret_key), false))
    return [name, { drv: drvNamed(name), instance, publicKey }] as const
  })
  const services = Object.fromEntries(named) as Record<ServiceName, Service>
  const secretKeys = Object.fromEntries(
    machine.services.map(({ name, secret_key }) => [name, fromHex(secret_key)]),
  ) as Record<ServiceName, Uint8Array>
  const holding: Holding = {
    holderSecret: holderSecret ?? fieldIn(machine.holder_secret),
    services: Object.values(services),
    policyId: storyPolicy,
    expiresAt,
  }
  return { name: machine.name, osImageHash: fromHex(machine.os_image_hash), holding, secretKeys, services }
}

function acceptanceOf(head: Head): AcceptancePolicy {
  return {
    version: 1,
    registry: { id: head.registryId, signer: head.signer },
    clockSkew: 60,
    headAge: HOUR,
    requestAge: 600,
    freshness: { kind: 'max_age', seconds: 300 },
    simulated: true,
    policies: [storyPolicy],
    services: {
      sha256: [drvNamed('echo'), drvNamed('oracle')].sort(compareBytes),
      eip191: [drvNamed('oracle'), drvNamed('mailer')].sort(compareBytes),
    },
  }
}

const fieldIn = (hex: string): bigint => toInteger(fromHex(hex))
