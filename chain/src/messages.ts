import { compareBytes } from '@vouch/protocol'
import { type Address, type Hex, hexToBytes, hexToNumber, numberToHex, slice } from 'viem'

/** Order is part of the signed messages: as in TrustNodes.sol. */
export const CHANGE_KINDS = [
  'AddMember',
  'RemoveMember',
  'ClearStrikes',
  'AddPolicy',
  'RetirePolicy',
  'AddAnchor',
  'RetireAnchor',
  'Pause',
  'Unpause',
  'Cancel',
] as const

/** As in VouchVerifier.sol. */
export const ROUTE_ACTIONS = ['Add', 'Disable', 'Enable', 'Freeze'] as const

/** EIP-712 types of what trust nodes sign. */
export const messageTypes = {
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
  Change: [
    { name: 'kind', type: 'uint8' },
    { name: 'subject', type: 'bytes32' },
    { name: 'sequence', type: 'uint64' },
    { name: 'deadline', type: 'uint64' },
    { name: 'setVersion', type: 'uint32' },
  ],
  RouteChange: [
    { name: 'action', type: 'uint8' },
    { name: 'circuit', type: 'bytes32' },
    { name: 'verifier', type: 'address' },
    { name: 'sequence', type: 'uint64' },
    { name: 'deadline', type: 'uint64' },
    { name: 'setVersion', type: 'uint32' },
  ],
} as const

/** Where a message counts: on one chain, at one contract. */
export interface ContractPlace {
  readonly chainId: number
  readonly contract: Address
}

export const registryDomain = ({ chainId, contract }: ContractPlace) =>
  ({ name: 'Vouch Registry', version: '1', chainId, verifyingContract: contract }) as const

export const gatewayDomain = ({ chainId, contract }: ContractPlace) =>
  ({ name: 'Vouch Verifier', version: '1', chainId, verifyingContract: contract }) as const

/** A signature as the contracts take it (EIP-2098): the parity sits in the highest bit of s. */
export interface CompactSignature {
  readonly r: Hex
  readonly vs: Hex
}

/** From the 65 bytes r ‖ s ‖ v that wallets give. */
export function compactSignature(signature: Hex): CompactSignature {
  const parity = hexToNumber(slice(signature, 64)) % 27
  const s = BigInt(slice(signature, 32, 64))
  return { r: slice(signature, 0, 32), vs: numberToHex(s | (BigInt(parity) << 255n), { size: 32 }) }
}

/** What contracts ask of a list of signatures: ascending by the signer's address. */
export function inOrder(
  signed: readonly { readonly signer: Address; readonly signature: Hex }[],
): readonly CompactSignature[] {
  return [...signed]
    .sort((a, b) => compareBytes(hexToBytes(a.signer), hexToBytes(b.signer)))
    .map(({ signature }) => compactSignature(signature))
}
