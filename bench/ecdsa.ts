import { fileURLToPath } from 'node:url'
import { PROFILES } from '@vouch/protocol'
import { buildCircuit } from '../circuits/build/circuit.js'
import { compileCrate } from '../circuits/build/compile.js'
import { ExtendedReference } from '../circuits/build/extended-reference.js'
import type { Inputs } from '../circuits/src/index.js'
import { answer, makeStory } from '../fixtures/story/story.js'
import type { Yardstick } from './proving.js'

const CRATE = fileURLToPath(new URL('circuits/ecdsa', import.meta.url))
const NOW = 1_800_000_000
const fill = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

/** Builds the bare ECDSA circuit as `npm run circuits` builds the others, its key included. */
export async function buildYardstick(): Promise<Yardstick & { readonly gates: number }> {
  const inputs = ecdsaInputs()
  const reference = await ExtendedReference.open()
  const { artifact, pin, gates } = await buildCircuit('ecdsa', await compileCrate(CRATE), inputs, reference)
  return { artifact: JSON.stringify(artifact), pin, inputs, gates }
}

/** What satisfies it: the signature of an ordinary answer in the fixture story. */
function ecdsaInputs(): Inputs {
  const content = { clientNonce: fill(0xc1), time: NOW, askHash: fill(0xa5), payload: fill(0x7a) }
  const { envelope, signature, service } = answer(makeStory(NOW).machines[0], 'echo', 'sha256', content)
  return {
    x: [...service.publicKey.x],
    y: [...service.publicKey.y],
    signature: [...signature],
    digest: [...PROFILES.sha256.digest(envelope)],
  }
}
