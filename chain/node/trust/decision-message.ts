import { sha256 } from '@noble/hashes/sha2.js'
import { credentialRegistryAbi, vouchVerifierAbi } from '@vouch/contracts'
import { ascii, toHex, toInteger } from '@vouch/protocol'
import type { Address, Hex, LocalAccount, TypedDataDefinition } from 'viem'
import { CHANGES, type Decision, isRemoval, isRouteChange, ROUTE_CHANGES } from '../../src/decision.js'
import { gatewayDomain, inOrder, messageTypes, registryDomain } from '../../src/messages.js'
import type { Endorsement } from '../../src/proposal.js'
import type { Chain } from '../client/client.js'
import type { Call } from '../client/send.js'
import { bytesOf } from '../sync/events.js'
import type { LeafPlace } from '../sync/leaf-place.js'
import type { Signed } from './signing.js'

/** A message of a contract's: under which name it is signed, and which function takes it. */
interface DecisionMessage {
  readonly type: 'Change' | 'Removal' | 'RouteChange'
  readonly message: Readonly<Record<string, unknown>>
}

export const addressOf = (bytes: Uint8Array): Address => `0x${toHex(bytes)}`

/** What a decision is to the contracts. */
function messageOf(decision: Decision): DecisionMessage {
  const { kind, subject, reason = '', verifier = new Uint8Array(20), sequence = 0 } = decision
  const common = { deadline: BigInt(decision.deadline), setVersion: decision.setVersion }
  if (isRemoval(kind)) {
    const told = `0x${toHex(sha256(ascii(reason)))}`
    const credential = toInteger(subject)
    const forCause = kind === 'remove_for_cause'
    return { type: 'Removal', message: { credential, forCause, reason: told, ...common } }
  }
  const counted = { sequence: BigInt(sequence), ...common }
  if (isRouteChange(kind)) {
    const route = { circuit: `0x${toHex(subject)}`, verifier: addressOf(verifier) }
    return { type: 'RouteChange', message: { action: ROUTE_CHANGES.indexOf(kind), ...route, ...counted } }
  }
  const change = { kind: CHANGES.indexOf(kind), subject: `0x${toHex(subject)}` }
  return { type: 'Change', message: { ...change, ...counted } }
}

function signedData(decision: Decision): TypedDataDefinition {
  const { type, message } = messageOf(decision)
  const { chainId, registry, gateway } = decision
  const domain =
    gateway === undefined
      ? registryDomain({ chainId, contract: addressOf(registry) })
      : gatewayDomain({ chainId, contract: addressOf(gateway) })
  return { domain, types: messageTypes, primaryType: type, message }
}

export async function signDecision(decision: Decision, node: LocalAccount): Promise<Endorsement> {
  return { version: 1, signature: bytesOf(await node.signTypedData(signedData(decision))) }
}

/** Whose signature on a decision this is; of one on something else, nobody's that is a member. */
export async function signerOfDecision(
  { viem }: Chain,
  decision: Decision,
  { signature }: Endorsement,
): Promise<Signed | undefined> {
  const hex: Hex = `0x${toHex(signature)}`
  const data = { ...signedData(decision), signature: hex }
  const signer = await viem.recoverTypedDataAddress(data).catch(() => undefined)
  return signer && { signer, signature: hex }
}

/** The transaction that a decision becomes. */
export function callOf(decision: Decision, signed: readonly Signed[], place: LeafPlace | undefined): Call {
  const { type, message } = messageOf(decision)
  const registry = { address: addressOf(decision.registry), abi: credentialRegistryAbi }
  const signatures = inOrder(signed)
  if (type === 'Change') return { ...registry, functionName: 'schedule', args: [message, signatures] }
  if (type === 'Removal') return { ...registry, functionName: 'remove', args: [message, place, signatures] }
  const gateway = { address: addressOf(decision.gateway ?? decision.registry), abi: vouchVerifierAbi }
  return { ...gateway, functionName: 'changeRoute', args: [message, signatures] }
}
