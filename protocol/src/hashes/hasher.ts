import { toInteger } from '../notation/bytes.js'
import { fieldToBytes } from './field.js'
import { p2 } from './poseidon2.js'

/** P2 over field elements as 32 bytes each. */
export type Hasher = (...inputs: readonly Uint8Array[]) => Uint8Array

/** P2 in JavaScript: starts at once, and is slow for a whole registry. */
export const slowHasher: Hasher = (...inputs) => fieldToBytes(p2(...inputs.map(toInteger)))
