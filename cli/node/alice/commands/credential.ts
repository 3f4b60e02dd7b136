import { dateOf, fieldHex, type Terminal, table } from '@vouch/host/node'
import { type Credential, equalBytes, exitStatus, sentence, toHex, VouchError } from '@vouch/protocol'
import { credentialOf, findCredential, openCopy } from '@vouch/prover'
import type { Alice } from '@vouch/prover/node'
import { UNSIGNED } from '@vouch/registry'
import { type ChainCommandOptions, type EnrollCommandOptions, enrollCommand, onChainNamed } from './enroll.js'

interface Described {
  readonly name: string
  readonly state: 'published' | 'not yet published' | 'expired' | 'removed'
  readonly credential: Credential
}

/** How a credential stands, as far as her own copy of the registry tells. */
export async function describe(alice: Alice, name: string): Promise<Described> {
  const credential = await alice.home.credential(name)
  return { name, state: await stateOf(alice, credential), credential }
}

async function stateOf(alice: Alice, credential: Credential): Promise<Described['state']> {
  if (credential.expiresAt < alice.enrolling.now()) return 'expired'
  const mirror = await alice.home.mirrorOf(credential.registry.id)
  if ((await mirror.head()) === undefined) return 'not yet published'
  const copy = await openCopy(mirror)
  if ((await findCredential(copy, credentialOf(credential))) !== undefined) return 'published'
  return copy.head.time <= credential.admittedAt ? 'not yet published' : 'removed'
}

/** A credential whose file, or copy of its registry, cannot be read: it keeps nobody from the others. */
export interface Unreadable {
  readonly name: string
  readonly error: VouchError
}

/** How credentials stand, each by itself. */
export function describeEach(
  alice: Alice,
  names: readonly string[],
): Promise<readonly (Described | Unreadable)[]> {
  return Promise.all(names.map((name) => orUnreadable(name, describe(alice, name))))
}

export async function orUnreadable<T>(name: string, reading: Promise<T>): Promise<T | Unreadable> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof VouchError) return { name, error }
    throw error
  }
}

export const isUnreadable = (one: object): one is Unreadable => 'error' in one

/** What every command says of them, in rows and in JSON. */
export const unreadableRow = ({ name, error }: Unreadable): readonly [string, string] => [
  name,
  `cannot be read: ${sentence(error)} [${error.code}]`,
]
export const unreadableJson = ({ name, error: { code, rule } }: Unreadable) => ({
  name,
  error: { code, rule },
})

/** The status of a command that has told of all: the gravest of what could not be read. */
export const statusOf = (told: readonly object[]): number =>
  exitStatus(told.flatMap((one) => (isUnreadable(one) ? [one.error] : [])))

/** `alice credential list`. */
export async function listCommand(out: Terminal, alice: Alice, json: boolean): Promise<number> {
  const described = await describeEach(alice, await alice.home.credentials())
  if (json) {
    out.data(
      JSON.stringify(described.map((one) => (isUnreadable(one) ? unreadableJson(one) : publicPart(one)))),
    )
  } else if (described.length === 0) {
    out.words('alice: there are none: alice enroll makes one')
  } else {
    out.data(table(described.map((one) => (isUnreadable(one) ? unreadableRow(one) : rowOf(one)))))
  }
  return statusOf(described)
}

const rowOf = ({ name, state, credential: { expiresAt, registry } }: Described): readonly string[] => [
  name,
  state,
  `until ${dateOf(expiresAt)}`,
  `registry ${toHex(registry.id).slice(0, 16)}…`,
]

/** `alice credential show`: everything but the secret. */
export async function showCredentialCommand(
  out: Terminal,
  alice: Alice,
  name: string,
  json: boolean,
): Promise<number> {
  const described = await describe(alice, name)
  const { credential, state } = described
  if (json) {
    out.data(JSON.stringify(publicPart(described), null, 2))
    return 0
  }
  const { registry, registrar, agent, policyId, expiresAt, guest } = credential
  out.data(
    table([
      ['credential', fieldHex(credentialOf(credential))],
      ['state', state],
      ['in force until', dateOf(expiresAt)],
      ['policy', fieldHex(policyId)],
      ['registry', toHex(registry.id)],
      ['signer', toHex(registry.signer)],
      ['registrar', registrar ?? 'none: enrolled by files'],
      ['agent', agent],
      ...guest.services.map((service) => [
        'service',
        `${service.name}  ${service.profile}  ${toHex(service.drv)}`,
      ]),
    ]),
  )
  return 0
}

function publicPart({ name, state, credential }: Described) {
  const { registry, registrar, agent, policyId, expiresAt, guest } = credential
  return {
    name,
    state,
    credential: fieldHex(credentialOf(credential)),
    registry: { id: toHex(registry.id), signer: toHex(registry.signer) },
    registrar,
    agent,
    policy_id: fieldHex(policyId),
    expires_at: expiresAt,
    services: guest.services.map((service) => ({ name: service.name, drv: toHex(service.drv) })),
  }
}

export type RenewCommandOptions = ChainCommandOptions & Pick<EnrollCommandOptions, 'policy' | 'name' | 'json'>

/**
 * `alice credential renew`: enrolls again, with the same agent and registrar and under a fresh secret, since a registry never
 * takes a credential twice. The old one serves until the new one is published.
 */
export async function renewCommand(
  out: Terminal,
  alice: Alice,
  name: string,
  options: RenewCommandOptions,
): Promise<number> {
  const { agent, registrar, registry } = await alice.home.credential(name)
  const pin = { registryId: toHex(registry.id), signer: toHex(registry.signer) }
  if (registrar === undefined) throw enrolledByFiles(agent, pin)
  if (equalBytes(registry.signer, UNSIGNED.signer) && onChainNamed(out, options) === undefined)
    throw onChain()
  const status = await enrollCommand(out, alice, { ...options, agent, registrar, ...pin })
  out.words(`alice: ${name} stays, and serves until then: alice credential forget ${name}`)
  return status
}

function enrolledByFiles(agent: string, { registryId, signer }: Record<'registryId' | 'signer', string>) {
  return new VouchError('USAGE', {
    rule: 'what was enrolled by files must be renewed by files: there is no registrar to ask',
    hint: `alice enroll --agent ${agent} --registry PUBLIC/ --policy FILE --nonce-request FILE --registry-id ${registryId} --signer ${signer}; alice enroll --help has the steps that follow`,
  })
}

function onChain(): VouchError {
  return new VouchError('USAGE', {
    rule: 'the registry is on chain: --rpc and --contract must be given',
    hint: 'a credential has no more of both than a hash',
  })
}

/** `alice credential forget`. The leaf stays in the registry until it expires; nobody can prove with it any more. */
export async function forgetCommand(out: Terminal, alice: Alice, name: string): Promise<number> {
  await alice.home.forgetCredential(name)
  out.words(`alice: ${name} is gone, and its secret with it`)
  return 0
}
