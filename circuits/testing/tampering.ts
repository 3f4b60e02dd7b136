import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { acvm } from '@noir-lang/noir_js'
import { fieldToBytes, P, toHex } from '@vouch/protocol'
import { type Compiled, compileCrate } from '../build/compile.js'
import { type BarretenbergApi, PROOF_SETTINGS } from '../src/engine.js'

// A dishonest prover is not held to what the solver would solve. It hands Barretenberg any witness it likes.

/** A solved witness with values replaced wherever they stand. New ones are taken modulo p, so they may be negative. */
export function tampered(witness: Uint8Array, changes: ReadonlyMap<bigint, bigint>): Uint8Array {
  const stack = acvm.decompressWitnessStack(gzipSync(witness))
  const missed = new Set(changes.keys())
  for (const { witness: values } of stack) {
    for (const [index, word] of values) {
      const value = BigInt(word)
      const changed = changes.get(value)
      if (changed === undefined) continue
      missed.delete(value)
      values.set(index, `0x${toHex(fieldToBytes(modulo(changed)))}`)
    }
  }
  if (missed.size > 0) throw new Error(`the witness holds none of ${[...missed].join(', ')}`)
  return new Uint8Array(gunzipSync(acvm.compressWitnessStack(stack)))
}

/** The field element that an integer is. */
export const modulo = (integer: bigint): bigint => ((integer % P) + P) % P

/** A circuit, as Barretenberg takes it. */
export interface Provable {
  readonly name: string
  readonly bytecode: Uint8Array
  readonly verificationKey: Uint8Array
}

/** A compiled circuit with its key, from an engine with as many points as the circuit has in its domain. */
export async function provable(
  api: BarretenbergApi,
  compiled: Pick<Compiled, 'bytecode'>,
): Promise<Provable> {
  const circuit = {
    name: 'tampered',
    bytecode: new Uint8Array(gunzipSync(Buffer.from(compiled.bytecode, 'base64'))),
  }
  const { bytes } = await api.circuitComputeVk({ circuit, settings: PROOF_SETTINGS })
  return { ...circuit, verificationKey: bytes }
}

/** Whether a proof made from this witness verifies, of whatever public inputs the witness holds. */
export async function verifies(
  api: BarretenbergApi,
  circuit: Provable,
  witness: Uint8Array,
): Promise<boolean> {
  const { verificationKey } = circuit
  const settings = PROOF_SETTINGS
  const { proof, publicInputs } = await api.circuitProve({ circuit, witness, settings })
  return (await api.circuitVerify({ verificationKey, publicInputs, proof, settings })).verified
}

/** Compiles one file of Noir, in a crate outside the tree. It may use libraries, by name and folder. */
export async function compileSource(
  source: string,
  libraries: Readonly<Record<string, string>> = {},
): Promise<Compiled> {
  const folder = mkdtempSync(join(tmpdir(), 'vouch-source-'))
  try {
    mkdirSync(join(folder, 'src'))
    const uses = Object.entries(libraries).map(
      ([name, path]) => `${name} = { path = ${JSON.stringify(path)} }\n`,
    )
    writeFileSync(
      join(folder, 'Nargo.toml'),
      `[package]\nname = "source"\ntype = "bin"\n\n[dependencies]\n${uses.join('')}`,
    )
    writeFileSync(join(folder, 'src/main.nr'), source)
    return await compileCrate(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
