import type { Barretenberg } from '@aztec/bb.js'
import type { ReferenceString } from './srs/reference.js'

/** The calls of Barretenberg that Vouch makes. `UltraHonkBackend` is not among them: it cannot be given a key. */
export type BarretenbergApi = Pick<
  Barretenberg,
  | 'circuitComputeVk'
  | 'circuitProve'
  | 'circuitStats'
  | 'circuitVerify'
  | 'circuitWriteSolidityVerifier'
  | 'srsInitSrs'
  | 'blake2s'
  | 'destroy'
>

/** A running Barretenberg that holds a reference string. */
export interface Engine {
  readonly kind: EngineKind
  readonly api: BarretenbergApi
  destroy(): Promise<void>
}

export type EngineKind = 'native' | 'wasm'

export type StartEngine = (reference: ReferenceString) => Promise<Engine>

/**
 * UltraHonk as a contract can verify it: Keccak transcript. Zero knowledge stays on, for every circuit: hiding is what
 * the proofs are for.
 */
export const PROOF_SETTINGS = {
  ipaAccumulation: false,
  oracleHashType: 'keccak',
  disableZk: false,
  optimizedSolidityVerifier: false,
} as const
