import { createHash } from 'node:crypto'
import { startNative } from '../node/native.js'
import type { ArtifactFile } from '../src/artifact.js'
import { type Bytes, bytesOfBase64, gunzip } from '../src/bytes.js'
import type { CircuitPin } from '../src/circuits.js'
import { type BarretenbergApi, PROOF_SETTINGS } from '../src/engine.js'
import type { ReferenceString } from '../src/srs/reference.js'
import { type Inputs, solveWitness } from '../src/witness.js'
import { WORD_BYTES } from '../src/words.js'
import type { Compiled } from './compile.js'
import type { ExtendedReference } from './extended-reference.js'
import { smallest } from './extent.js'

/** One circuit, built and measured. */
export interface BuiltCircuit {
  readonly name: string
  readonly artifact: ArtifactFile
  readonly pin: CircuitPin
  readonly gates: number
  readonly barretenbergVkHash: string
}

/** Two unrelated continuations of the reference string: a key that is the same under both depends on neither. */
const LABELS = ['vouch-srs-filler-a', 'vouch-srs-filler-b'] as const
const THREADS = 2
/** What the extent was beyond the gates, where it was measured: only where to look first. */
const USUAL_MASKING = 5
/** Polynomials that only mask have a size of their own, which in small circuits is the largest. */
const MASKING_DOMAIN = 1024

interface Key {
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
}

/** What building a circuit goes by. */
interface Workshop {
  readonly name: string
  readonly acir: Bytes
  readonly reference: ExtendedReference
  /** Points that Barretenberg asks for where it computes a key. */
  readonly domain: number
}

/** Builds a circuit's key and measures its extent. `inputs` satisfy the circuit: proofs of them are what measures. */
export async function buildCircuit(
  name: string,
  { abi, bytecode }: Compiled,
  inputs: Inputs,
  reference: ExtendedReference,
): Promise<BuiltCircuit> {
  const acir = await gunzip(bytesOfBase64(bytecode))
  const { numGates: gates, numGatesDyadic } = await stats(name, acir, reference)
  const shop = { name, acir, reference, domain: Math.max(numGatesDyadic, MASKING_DOMAIN) }
  const key = await independentKey(shop)
  const witness = await solveWitness({ abi, bytecode }, inputs)
  const measured = await measure(shop, key, witness, gates)
  return {
    name,
    artifact: { abi, bytecode, vk: Buffer.from(key.bytes).toString('base64') },
    pin: { vkHash: sha256(key.bytes), acirHash: sha256(acir), ...measured },
    gates,
    barretenbergVkHash: Buffer.from(key.hash).toString('hex'),
  }
}

/** The circuit's key, computed with filler under two labels. */
async function independentKey({ name, acir, reference, domain }: Workshop): Promise<Key> {
  const genuine = reference.genuinePoints
  const [key, again] = [
    await computeKey(name, acir, reference.with(genuine, LABELS[0], domain)),
    await computeKey(name, acir, reference.with(genuine, LABELS[1], domain)),
  ]
  if (equal(key, again)) return key
  throw new Error(`${name}: the key depends on filler: the circuit does not fit ${genuine} points`)
}

/** The fewest genuine points with which the key comes out the same and a proof under it verifies. */
async function measure(
  { name, acir, reference, domain }: Workshop,
  key: Key,
  witness: Uint8Array,
  gates: number,
): Promise<Pick<CircuitPin, 'publicInputs' | 'proofBytes' | 'extent'>> {
  const circuit = { name, bytecode: acir, verificationKey: key.bytes }
  let form = { publicInputs: 0, proofBytes: 0 }
  const proves = (points: ReferenceString) =>
    withEngine(points, async (api) => {
      const { proof, publicInputs } = await api.circuitProve({ circuit, witness, settings: PROOF_SETTINGS })
      form = { publicInputs: publicInputs.length, proofBytes: proof.length * WORD_BYTES }
      const statement = { verificationKey: key.bytes, publicInputs, proof, settings: PROOF_SETTINGS }
      return (await api.circuitVerify(statement)).verified
    })
  const suffices = async (count: number) => {
    const points = reference.with(count, LABELS[1], domain)
    return (await proves(points)) && equal(key, await computeKey(name, acir, points))
  }
  const most = Math.min(reference.genuinePoints, domain)
  if (!(await suffices(most))) throw new Error(`${name}: a proof of its sample does not verify`)
  const guess = gates + USUAL_MASKING
  return { ...form, extent: await smallest(0, most, [guess, guess - 1], suffices) }
}

function stats(name: string, acir: Bytes, reference: ExtendedReference) {
  const circuit = { name, bytecode: acir, verificationKey: new Uint8Array() }
  return withEngine(reference.with(reference.genuinePoints, LABELS[0], 0), (api) =>
    api.circuitStats({ circuit, includeGatesPerOpcode: false, settings: PROOF_SETTINGS }),
  )
}

function computeKey(name: string, acir: Bytes, points: ReferenceString): Promise<Key> {
  const circuit = { name, bytecode: acir }
  return withEngine(points, (api) => api.circuitComputeVk({ circuit, settings: PROOF_SETTINGS }))
}

/** A fresh engine for each reference string: one that runs keeps the points it has read. */
async function withEngine<Result>(
  points: ReferenceString,
  use: (api: BarretenbergApi) => Promise<Result>,
): Promise<Result> {
  const engine = await startNative(points, THREADS)
  try {
    return await use(engine.api)
  } finally {
    await engine.destroy()
  }
}

const equal = (a: Key, b: Key): boolean => Buffer.compare(a.bytes, b.bytes) === 0
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
