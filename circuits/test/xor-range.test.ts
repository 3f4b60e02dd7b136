import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readReference } from '../node/index.js'
import { startNative } from '../node/native.js'
import type { Engine } from '../src/engine.js'
import { type Inputs, solveWitness } from '../src/witness.js'
import { compileSource, modulo, type Provable, provable, tampered, verifies } from '../testing/tampering.js'

// SHA-512 has no other range check on the halves of its words than the XORs that read them: the compiler drops that of a u32
// which a XOR reads, and relies on Barretenberg, whose lookups check both operands. Were that to change, the prover could
// choose halves beyond 32 bits, and every digest. Barretenberg fills in the lookups itself; what holds here is that they
// bind the operand.

const LO = 0x00abcdefn
const HI = 0x55667788n
const OTHER = 0xdeadbeefn
const TWO_POW_32 = 1n << 32n
const wordOf = (lo: bigint, hi: bigint): bigint => lo + TWO_POW_32 * hi
const Z = wordOf(LO, HI)

interface Shape {
  readonly parameters: string
  readonly xor: (half: string) => string
  readonly inputs: Inputs
}

const withWitness = { parameters: 'z: Field, y: u32', inputs: { z: `${Z}`, y: `${OTHER}` } }
const withConstant = { parameters: 'z: Field', inputs: { z: `${Z}` } }

const SHAPES: Readonly<Record<string, Shape>> = {
  'left of a witness': { ...withWitness, xor: (half) => `${half} ^ y` },
  'right of a witness': { ...withWitness, xor: (half) => `y ^ ${half}` },
  'left of a constant': { ...withConstant, xor: (half) => `${half} ^ ${OTHER}` },
  'right of a constant': { ...withConstant, xor: (half) => `${OTHER} ^ ${half}` },
}

/** What one might take the XOR of an operand beyond 32 bits to be: of its low bits, of those modulo p, of all its bits. */
const READINGS: Readonly<Record<string, (half: bigint) => bigint>> = {
  'low bits': (half) => BigInt.asUintN(32, half) ^ OTHER,
  'low bits modulo p': (half) => BigInt.asUintN(32, modulo(half)) ^ OTHER,
  'all bits': (half) => modulo(half) ^ OTHER,
}

/** Halves of which at least one has more than 32 bits or is negative: of Z in other ways, and of a word beyond 64 bits. */
const FORGED = [
  { lo: LO + TWO_POW_32, hi: HI - 1n },
  { lo: LO - TWO_POW_32, hi: HI + 1n },
  { lo: LO + TWO_POW_32 * HI, hi: 0n },
  { lo: LO + TWO_POW_32 * (HI - TWO_POW_32), hi: TWO_POW_32 },
  { lo: LO, hi: HI + TWO_POW_32 },
]

let engine: Engine
beforeAll(async () => {
  engine = await startNative(await readReference(), 2)
})
afterAll(() => engine.destroy())

describe.each(Object.entries(SHAPES))('halves of a word %s', (_, { parameters, xor, inputs }) => {
  let circuit: Provable
  let honest: Uint8Array
  beforeAll(async () => {
    const outputs = `[(${xor('lo')}) as Field, (${xor('hi')}) as Field]`
    const compiled = await compileSource(programOf(parameters, 'u32', outputs))
    circuit = await provable(engine.api, compiled)
    honest = await solveWitness(compiled, inputs)
  })

  test('have no range check but the XORs, and prove when honest', async () => {
    expect(mentions(circuit, 'RANGE')).toBe(0)
    expect(mentions(circuit, 'XOR')).toBe(2)
    expect(await verifies(engine.api, circuit, honest)).toBe(true)
  })

  test('prove when tampered with inside their range: the tampering itself is sound', async () => {
    const changes = forgery(LO - 1n, HI - 1n, (half) => half ^ OTHER)
    expect(await verifies(engine.api, circuit, tampered(honest, changes))).toBe(true)
  })

  test.each(Object.entries(READINGS))(
    'beyond their range give no proof, XORs by their %s',
    async (__, read) => {
      for (const { lo, hi } of FORGED) {
        expect(await verifies(engine.api, circuit, tampered(honest, forgery(lo, hi, read)))).toBe(false)
      }
    },
  )
})

test('halves that meet no XOR and have no range check are forged by the same tampering', async () => {
  const compiled = await compileSource(programOf('z: Field', 'Field', '[lo, hi]'))
  const circuit = await provable(engine.api, compiled)
  const honest = await solveWitness(compiled, withConstant.inputs)
  for (const { lo, hi } of FORGED) {
    const changes = new Map([
      [Z, wordOf(lo, hi)],
      [LO, lo],
      [HI, hi],
    ])
    expect(await verifies(engine.api, circuit, tampered(honest, changes))).toBe(true)
  }
})

test('a range check would be seen: one is kept where the compiler removes the XOR', async () => {
  const circuit = await provable(
    engine.api,
    await compileSource(programOf('z: Field', 'u32', '[(lo ^ 0) as Field, hi as Field]')),
  )
  expect([mentions(circuit, 'RANGE'), mentions(circuit, 'XOR')]).toEqual([2, 0])
})

/** Replaces both halves, the word that they make, and the XOR of each. */
function forgery(lo: bigint, hi: bigint, xor: (half: bigint) => bigint): Map<bigint, bigint> {
  return new Map([
    [Z, wordOf(lo, hi)],
    [LO, lo],
    [HI, hi],
    [LO ^ OTHER, xor(lo)],
    [HI ^ OTHER, xor(hi)],
  ])
}

function programOf(parameters: string, half: 'u32' | 'Field', outputs: string): string {
  return `
    fn main(${parameters}) -> pub [Field; 2] {
        let (lo, hi) = unsafe { __halves(z) };
        assert_eq(lo as Field + ${TWO_POW_32} * hi as Field, z);
        ${outputs}
    }
    unconstrained fn __halves(z: Field) -> (${half}, ${half}) {
        let word = z as u64;
        ((word as u32) as ${half}, ((word >> 32) as u32) as ${half})
    }`
}

/** How often the program names an opcode: its format spells them out. */
const mentions = ({ bytecode }: Provable, opcode: string): number =>
  Buffer.from(bytecode).toString('latin1').split(opcode).length - 1
