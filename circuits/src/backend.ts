import { assertWanted, concat, toInteger } from '@vouch/protocol'
import { type ArtifactSource, pinnedArtifact, pinnedKey } from './artifact.js'
import { type CircuitName, type CircuitTable, pinOf } from './circuits.js'
import { PROOF_SETTINGS, type StartEngine } from './engine.js'
import { backendFailed, EngineSlot } from './engine-slot.js'
import { type ReferenceString, verifierReference } from './srs/reference.js'
import type { Inputs } from './witness.js'
import { areCanonical, proofWords, publicInputWords } from './words.js'

export type ProvingStage = 'witness' | 'proof'

export interface ProvingOptions {
  /** Told when a stage begins. */
  readonly onProgress?: ((stage: ProvingStage) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Proof {
  readonly proof: Uint8Array
  readonly publicInputs: readonly bigint[]
}

export interface Backend<Name extends string = CircuitName> {
  /** Proves that the inputs satisfy the circuit, or says which of its rules they break. */
  prove(circuit: Name, inputs: Inputs, options?: ProvingOptions): Promise<Proof>
  /** Whether the proof shows the circuit's statement for these public inputs, under its pinned key. Misuse throws. */
  verify(circuit: Name, publicInputs: readonly bigint[], proof: Uint8Array): Promise<boolean>
  /** Stops the engine. A backend that is not destroyed does not keep the process alive. */
  destroy(): Promise<void>
}

/** What a backend is made of. */
export interface BackendParts<Name extends string> {
  readonly circuits: CircuitTable<Name>
  readonly artifacts: ArtifactSource
  readonly start: StartEngine
  /** Brings a reference string of at least so many points. */
  readonly reference: (extent: number) => Promise<ReferenceString>
}

/**
 * What Barretenberg says of proofs that it refuses before it computes: a point off the curve, or nothing where the prover
 * aggregates. Found by feeding it wrong proofs. Whatever else it complains of is a failure, not a verdict.
 */
const REFUSALS = [
  'Deserialized point is not on the curve',
  'Cannot aggregate: incoming pairing points are at infinity',
]

export function createBackend<Name extends string>(parts: BackendParts<Name>): Backend<Name> {
  const { circuits, artifacts } = parts
  const slot = new EngineSlot(parts.start)
  const keyOf = remembered(async (name: Name) =>
    pinnedKey(name, await artifacts(name), pinOf(circuits, name)),
  )
  const artifactOf = remembered(async (name: Name) =>
    pinnedArtifact(name, await artifacts(name), pinOf(circuits, name)),
  )

  return {
    async prove(circuit, inputs, { onProgress, signal } = {}) {
      const pin = pinOf(circuits, circuit)
      const { file, acir, vk } = await artifactOf(circuit)
      onProgress?.('witness')
      const { solveWitness } = await import('./witness.js')
      const witness = await solveWitness(file, inputs)
      assertWanted(signal)
      const answer = await slot
        .run({
          points: pin.extent,
          reference: () => parts.reference(pin.extent),
          call: (api) => {
            onProgress?.('proof')
            const named = { name: circuit, bytecode: acir, verificationKey: vk }
            return api.circuitProve({ circuit: named, witness, settings: PROOF_SETTINGS })
          },
          signal,
        })
        .catch((error) => Promise.reject(backendFailed(error)))
      const proof = concat(...answer.proof)
      if (proof.length !== pin.proofBytes || answer.publicInputs.length !== pin.publicInputs) {
        throw backendFailed(new Error('the proof does not have the form of this circuit'))
      }
      return { proof, publicInputs: answer.publicInputs.map(toInteger) }
    },

    async verify(circuit, publicInputs, proof) {
      const pin = pinOf(circuits, circuit)
      const inputWords = publicInputWords(publicInputs, pin.publicInputs)
      const words = proofWords(proof, pin.proofBytes)
      if (!areCanonical(words)) return false
      const statement = {
        verificationKey: await keyOf(circuit),
        publicInputs: inputWords,
        proof: words,
        settings: PROOF_SETTINGS,
      }
      try {
        const { verified } = await slot.run({
          points: 1,
          reference: async () => verifierReference(),
          call: (api) => api.circuitVerify(statement),
        })
        return verified
      } catch (error) {
        if (isRefusal(error)) return false
        throw backendFailed(error)
      }
    },

    destroy: () => slot.close(),
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && REFUSALS.some((words) => error.message.startsWith(words))
}

function remembered<Name extends string, Value>(read: (name: Name) => Promise<Value>): typeof read {
  const values = new Map<Name, Promise<Value>>()
  return (name) => {
    const value = values.get(name) ?? read(name)
    values.set(name, value)
    value.catch(() => values.delete(name))
    return value
  }
}
