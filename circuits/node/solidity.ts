import { availableParallelism } from 'node:os'
import { pinnedKey } from '../src/artifact.js'
import { CIRCUITS, type CircuitName, pinOf } from '../src/circuits.js'
import { PROOF_SETTINGS } from '../src/engine.js'
import { verifierReference } from '../src/srs/reference.js'
import { startNative } from './native.js'
import { readArtifact } from './package-files.js'

/** The Solidity source of a circuit's verifier, as Barretenberg makes it from the pinned key: optimised, zero knowledge on. */
export async function solidityVerifier(circuit: CircuitName): Promise<string> {
  const verificationKey = await pinnedKey(circuit, await readArtifact(circuit), pinOf(CIRCUITS, circuit))
  const engine = await startNative(verifierReference(), availableParallelism())
  try {
    const settings = { ...PROOF_SETTINGS, optimizedSolidityVerifier: true }
    const { solidityCode } = await engine.api.circuitWriteSolidityVerifier({ verificationKey, settings })
    return solidityCode
  } finally {
    await engine.destroy()
  }
}
