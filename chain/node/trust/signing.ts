import type { Address, Hex, LocalAccount } from 'viem'
import { type CompactSignature, inOrder, messageTypes, registryDomain } from '../../src/messages.js'
import type { Chain } from '../client/client.js'

/** What each node signs when it has verified an enrollment itself. */
export interface AdmissionMessage {
  readonly credential: bigint
  readonly policyId: bigint
  readonly expiresAt: bigint
  readonly evidenceHash: Hex
  readonly blockNumber: bigint
  readonly deadline: bigint
  readonly setVersion: number
}

export interface RemovalMessage {
  readonly credential: bigint
  readonly forCause: boolean
  readonly reason: Hex
  readonly deadline: bigint
  readonly setVersion: number
}

/** A signature, and whose it is. */
export interface Signed {
  readonly signer: Address
  /** 65 bytes r ‖ s ‖ v. */
  readonly signature: Hex
}

export async function signAdmission(
  chain: Chain,
  registry: Address,
  node: LocalAccount,
  message: AdmissionMessage,
): Promise<Signed> {
  return {
    signer: node.address,
    signature: await node.signTypedData(admissionData(chain, registry, message)),
  }
}

export async function signRemoval(
  chain: Chain,
  registry: Address,
  node: LocalAccount,
  message: RemovalMessage,
): Promise<Signed> {
  const domain = registryDomain({ chainId: chain.id, contract: registry })
  const data = { domain, types: messageTypes, primaryType: 'Removal', message } as const
  return { signer: node.address, signature: await node.signTypedData(data) }
}

/** Whose signature on an admission this is; nothing if it is none. */
export async function signerOf(
  chain: Chain,
  registry: Address,
  message: AdmissionMessage,
  signature: Hex,
): Promise<Address | undefined> {
  const data = admissionData(chain, registry, message)
  return chain.viem.recoverTypedDataAddress({ ...data, signature }).catch(() => undefined)
}

/** Signatures as the contract takes them. */
export const quorumOf = (signed: readonly Signed[]): readonly CompactSignature[] => inOrder(signed)

function admissionData(chain: Chain, registry: Address, message: AdmissionMessage) {
  const domain = registryDomain({ chainId: chain.id, contract: registry })
  return { domain, types: messageTypes, primaryType: 'Admission', message } as const
}
