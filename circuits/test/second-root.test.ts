import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fieldToBytes, P, toHex } from '@vouch/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Compiled, compileCrate } from '../build/compile.js'
import { readReference } from '../node/index.js'
import { startNative } from '../node/native.js'
import { bytesOfBase64, gunzip } from '../src/bytes.js'
import type { Engine } from '../src/engine.js'
import { type Inputs, solveWitness } from '../src/witness.js'
import { CIRCUITS_FOLDER } from '../testing/crates.js'
import { SAMPLES } from '../testing/samples.js'
import { type Provable, provable, verifies } from '../testing/tampering.js'

// A dishonest admission: REPORT_DATA commits to smt_root + p, which no honest party spells so, and the proof is to say that it
// commits to smt_root. The solver refuses such a witness, so a twin of `enroll` solves it, which differs in one range check. A
// twin has the same witnesses at the same places, so what it solves can be handed to Barretenberg for the true circuit.

/** The slack's upper limb, of which the twin keeps that sixteen numbers make it, but not that they are bytes. */
const LOOSE: Edit = [
  'let _ = unpack16(slack_hi);',
  'let numbers = unsafe { __numbers(slack_hi) };\n    assert_eq(pack_numbers(numbers), slack_hi);',
]
const PACK_NUMBERS = `
fn pack_numbers(numbers: [Field; 16]) -> Field {
    let mut number = 0;
    for i in 0..16 { number = 256 * number + numbers[15 - i]; }
    number
}`
const HONEST_NUMBERS = `
unconstrained fn __numbers(x: Field) -> [Field; 16] {
    let bytes: [u8; 16] = x.to_le_bytes();
    bytes.map(|b| b as Field)
}`
const FORGED_NUMBERS = `
unconstrained fn __numbers(x: Field) -> [Field; 16] {
    let mut numbers = [0; 16];
    numbers[0] = x;
    numbers
}`
/** The limbs of x + p. */
const FORGED_LIMBS: Edit = [
  '    (pack16(bytes, 0), pack16(bytes, 16))',
  `    let lo: [u8; 32] = (pack16(bytes, 16) + LARGEST_LO + 1).to_be_bytes();
    (pack16(bytes, 0) + LARGEST_HI + lo[15] as Field, pack16(lo, 16))`,
]
/** What makes up for them: an upper limb below zero. */
const FORGED_SLACK: Edit = [
  '    __limbs(-1 - (hi * TWO_POW_128 + lo))',
  `    let carry = if lo as u128 > LARGEST_LO as u128 { 1 } else { 0 };
    (LARGEST_HI - hi - carry, LARGEST_LO - lo + carry * TWO_POW_128)`,
]

type Edit = readonly [from: string, to: string]

const HONEST = SAMPLES.enroll()
let engine: Engine
let circuit: Provable
let artifact: Pick<Compiled, 'abi' | 'bytecode'>

beforeAll(async () => {
  const file = JSON.parse(readFileSync(join(CIRCUITS_FOLDER, 'artifacts/enroll.json'), 'utf8'))
  artifact = file
  const bytecode = await gunzip(bytesOfBase64(file.bytecode))
  circuit = { name: 'enroll', bytecode, verificationKey: bytesOfBase64(file.vk) }
  engine = await startNative(await readReference(), 2)
})
afterAll(() => engine.destroy())

test('an honest twin solves the very witness that the true circuit has, and it proves', async () => {
  const witness = await solveWitness(await twin([LOOSE], PACK_NUMBERS + HONEST_NUMBERS), HONEST)
  expect(toHex(witness)).toBe(toHex(await solveWitness(artifact, HONEST)))
  expect(await verifies(engine.api, circuit, witness)).toBe(true)
})

test('a commitment to smt_root + p gives no proof, and would without that range check', async () => {
  const inputs = { ...HONEST, report_data: forgedReportData(HONEST) }
  const forger = await twin([LOOSE, FORGED_LIMBS, FORGED_SLACK], PACK_NUMBERS + FORGED_NUMBERS)
  const witness = await solveWitness(forger, inputs)
  expect(await verifies(engine.api, circuit, witness)).toBe(false)
  expect(await verifies(engine.api, await provable(engine.api, forger), witness)).toBe(true)
})

function forgedReportData({ os_image_hash, smt_root, aux }: Inputs): string[] {
  const limbs = (value: unknown) => (value as string[]).map((limb) => fieldToBytes(BigInt(limb)).slice(16))
  const root = (BigInt(smt_root as string) + P).toString(16).padStart(64, '0')
  const hash = createHash('sha512').update('vouch-report-v1')
  for (const part of [...limbs(os_image_hash), Buffer.from(root, 'hex'), ...limbs(aux)]) hash.update(part)
  return (
    hash
      .digest('hex')
      .match(/.{32}/g)
      ?.map((limb) => `0x${limb}`) ?? []
  )
}

async function twin(edits: readonly Edit[], added: string): Promise<Compiled> {
  const folder = mkdtempSync(join(tmpdir(), 'vouch-twin-'))
  try {
    for (const part of ['lib', 'bin'])
      cpSync(join(CIRCUITS_FOLDER, part), join(folder, part), { recursive: true })
    const path = join(folder, 'lib/bytes/src/lib.nr')
    let source = readFileSync(path, 'utf8')
    for (const [from, to] of edits) {
      if (source.split(from).length !== 2) throw new Error(`not once in vouch_bytes: ${from}`)
      source = source.replace(from, to)
    }
    writeFileSync(path, source + added)
    return await compileCrate(join(folder, 'bin/enroll'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
