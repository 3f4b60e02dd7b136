import { poseidon2Hash } from '@zkpassport/poseidon2'
import { assertField, fieldFromHash } from './field.js'

/** P2: the Poseidon2 sponge, equal to Barretenberg's. The number of inputs is part of the hash. */
export function p2(...inputs: readonly bigint[]): bigint {
  return poseidon2Hash(inputs.map((input) => assertField(input, 'hash input')))
}

const tag = (name: string): bigint => fieldFromHash(`vouch/${name}/v1`, new Uint8Array())

/** Domain tags: what stands in position 0 of a hash, so that no hash is read as one of another kind. */
export const TAG = {
  KEY: tag('KEY'),
  VALUE: tag('VALUE'),
  CRED: tag('CRED'),
  LEAF: tag('LEAF'),
  SERVICE: tag('SERVICE'),
  POLICY: tag('POLICY'),
  NULL: tag('NULL'),
} as const
