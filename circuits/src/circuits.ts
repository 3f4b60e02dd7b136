import { fromHex, shown, VouchError } from '@vouch/protocol'
import { PINS } from './pins.js'

/** What is pinned about one circuit. An artifact that does not match it is never used. */
export interface CircuitPin {
  /** SHA-256 of the verification key's bytes: the circuit's name in a bundle. */
  readonly vkHash: string
  /** SHA-256 of the circuit's ACIR, uncompressed. */
  readonly acirHash: string
  readonly publicInputs: number
  readonly proofBytes: number
  /** Points of the reference string that its key and its proofs touch. */
  readonly extent: number
}

/** One entry per circuit. */
export type CircuitTable<Name extends string> = Readonly<Record<Name, CircuitPin>>

export type CircuitName = keyof typeof PINS

/** The circuits of this version. */
export const CIRCUITS: CircuitTable<CircuitName> = PINS

/** Looks a circuit up, by a name that may come from anywhere. */
export function pinOf<Name extends string>(circuits: CircuitTable<Name>, name: Name): CircuitPin {
  if (Object.hasOwn(circuits, name)) return circuits[name]
  throw new VouchError('CIRCUIT_UNKNOWN', {
    rule: `circuit must be one of ${Object.keys(circuits).join(', ')}`,
    given: shown(name),
  })
}

/** SHA-256 of the circuit's verification key, as bundles carry it. */
export function keyHash(name: CircuitName): Uint8Array {
  return fromHex(pinOf(CIRCUITS, name).vkHash)
}
