import type { CircuitName } from '../../src/circuits.js'
import type { Inputs } from '../../src/witness.js'

/** Inputs for one of the two programs. The program accepts them, or one constraint and no other stands against them. */
export interface Trial {
  readonly name: string
  readonly circuit: CircuitName
  readonly inputs: Inputs
  /** The message of the constraint that must fail; `undefined` where the inputs are honest. */
  readonly rule: string | undefined
}

/** The messages of the constraints in both programs. */
export const RULES = {
  notAChild: 'merkle: value is not a child in its path',
  notInTree: 'sparse: value is neither the leaf nor the hash of its children',
  notAtTheEnd: 'sparse: path does not end in the leaf',
  notInRegistry: 'credential is not in the registry',
  policyNotAccepted: 'policy is not accepted',
  serviceNotAccepted: 'service is not accepted',
  notTheNullifier: "nullifier is not the holder's",
  notSigned: 'secp256k1: signature does not verify',
  notTheReport: 'report data is not the hash of the image, the service tree and aux',
  notTheCredential: 'credential does not open to the service tree and the secret',
  outOfRange: 'call to assert_max_bit_size',
  tooWide: 'Field failed to decompose into specified 16 limbs',
} as const

export const respond = (name: string, inputs: Inputs, rule?: string): Trial => ({
  name,
  circuit: 'respond',
  inputs,
  rule,
})

export const enroll = (name: string, inputs: Inputs, rule?: string): Trial => ({
  name,
  circuit: 'enroll',
  inputs,
  rule,
})
