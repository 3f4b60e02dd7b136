import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BuiltCircuit, buildCircuit } from '../build/circuit.js'
import { compileCrate } from '../build/compile.js'
import { ExtendedReference } from '../build/extended-reference.js'
import { readReference } from '../node/index.js'
import { startNative } from '../node/native.js'
import { type Backend, createBackend, type EngineKind, startWasm } from '../src/index.js'

// Two circuits of the same shape, built as the real ones are: small enough to prove in every test.

export type TinyName = 'sum' | 'product'

const BODY: Readonly<Record<TinyName, string>> = {
  sum: 'assert(a + b == c, "c is not the sum");',
  product: 'assert(a * b == c, "c is not the product");',
}

/** Satisfies both circuits. */
export const INPUTS = { a: '0x2', b: '0x2', c: '0x4' }

export async function buildTiny(name: TinyName, reference: ExtendedReference): Promise<BuiltCircuit> {
  const folder = mkdtempSync(join(tmpdir(), 'vouch-tiny-'))
  try {
    mkdirSync(join(folder, 'src'))
    writeFileSync(
      join(folder, 'Nargo.toml'),
      `[package]\nname = "${name}"\ntype = "bin"\nauthors = [""]\n\n[dependencies]\n`,
    )
    writeFileSync(
      join(folder, 'src/main.nr'),
      `fn main(a: Field, b: Field, c: pub Field) {\n    ${BODY[name]}\n}\n`,
    )
    return await buildCircuit(name, await compileCrate(folder), INPUTS, reference)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export type TinyCircuits = Readonly<Record<TinyName, BuiltCircuit>>

export async function buildBoth(): Promise<TinyCircuits> {
  const reference = await ExtendedReference.open()
  return { sum: await buildTiny('sum', reference), product: await buildTiny('product', reference) }
}

/** A backend for them; `artifacts` may answer something else than was built. */
export function tinyBackend(
  kind: EngineKind,
  { sum, product }: TinyCircuits,
  artifacts: Readonly<Record<string, string>> = {
    sum: JSON.stringify(sum.artifact),
    product: JSON.stringify(product.artifact),
  },
): Backend<TinyName> {
  const start = { native: startNative, wasm: startWasm }[kind]
  return createBackend({
    circuits: { sum: sum.pin, product: product.pin },
    artifacts: async (name) => artifacts[name] ?? '',
    start: (reference) => start(reference, 2),
    reference: readReference,
  })
}
