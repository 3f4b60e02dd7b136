import type { Address, Hex, PrivateKeyAccount } from 'viem'
import type { Chain } from './client.js'

/** What each node signs when it has verified an enrollment itself; the contract's `Admission`. */
export interface AdmissionMessage {
  readonly credential: bigint
  readonly policyId: bigint
  readonly expiresAt: bigint
  readonly evidenceHash: Hex
  readonly blockNumber: bigint
  readonly deadline: bigint
  readonly setVersion: number
}

/** The contract's `Removal`. */
export interface RemovalMessage {
  readonly credential: bigint
  readonly forCause: boolean
  readonly reason: Hex
  readonly deadline: bigint
  readonly setVersion: number
}

/** A signature as the contract takes it: the point's parity in the highest bit of s. */
export interface Signature {
  readonly r: Hex
  readonly vs: Hex
}

/** A signature, and whose it is. */
export interface Signed extends Signature {
  readonly signer: Address
}

const TYPES = {
  Admission: [
    { name: 'credential', type: 'uint256' },
    { name: 'policyId', type: 'uint256' },
    { name: 'expiresAt', type: 'uint64' },
    { name: 'evidenceHash', type: 'bytes32' },
    { name: 'blockNumber', type: 'uint64' },
    { name: 'deadline', type: 'uint64' },
    { name: 'setVersion', type: 'uint32' },
  ],
  Removal: [
    { name: 'credential', type: 'uint256' },
    { name: 'forCause', type: 'bool' },
    { name: 'reason', type: 'bytes32' },
    { name: 'deadline', type: 'uint64' },
    { name: 'setVersion', type: 'uint32' },
  ],
} as const

/** Names registry and chain: a signature for one serves no other. */
const domainOf = ({ id }: Pick<Chain, 'id'>, registry: Address) =>
  ({ name: 'Vouch Registry', version: '1', chainId: id, verifyingContract: registry }) as const

const admissionData = (chain: Pick<Chain, 'id'>, registry: Address, message: AdmissionMessage) =>
  ({ domain: domainOf(chain, registry), types: TYPES, primaryType: 'Admission', message }) as const

export async function signAdmission(
  chain: Chain,
  registry: Address,
  node: PrivateKeyAccount,
  message: AdmissionMessage,
): Promise<Signed> {
  return compact(chain, node, await node.signTypedData(admissionData(chain, registry, message)))
}

export async function signRemoval(
  chain: Chain,
  registry: Address,
  node: PrivateKeyAccount,
  message: RemovalMessage,
): Promise<Signed> {
  const data = { domain: domainOf(chain, registry), types: TYPES, primaryType: 'Removal', message } as const
  return compact(chain, node, await node.signTypedData(data))
}

/** Whose signature on an admission this is; nothing if it is none. */
export async function signerOf(
  chain: Chain,
  registry: Address,
  message: AdmissionMessage,
  { r, vs }: Signature,
): Promise<Address | undefined> {
  const { viem } = chain
  try {
    const signature = viem.serializeSignature(viem.compactSignatureToSignature({ r, yParityAndS: vs }))
    return await viem.recoverTypedDataAddress({ ...admissionData(chain, registry, message), signature })
  } catch {
    return undefined
  }
}

/** Signatures in the one order that the contract takes: by their signers. */
export function quorumOf(signed: readonly Signed[]): readonly Signature[] {
  return [...signed]
    .sort((a, b) => (a.signer.toLowerCase() < b.signer.toLowerCase() ? -1 : 1))
    .map(({ r, vs }) => ({ r, vs }))
}

function compact({ viem }: Chain, node: PrivateKeyAccount, signature: Hex): Signed {
  const { r, yParityAndS } = viem.signatureToCompactSignature(viem.parseSignature(signature))
  return { signer: node.address, r, vs: yParityAndS }
}
