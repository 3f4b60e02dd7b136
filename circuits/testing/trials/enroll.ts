import { credential, fromInteger, P, reportData, toInteger } from '@vouch/protocol'
import { enrollWitness } from '@vouch/prover'
import type { Inputs } from '../../src/witness.js'
import { hex, valueAt, withValue } from './scene.js'
import { enroll, RULES, type Trial } from './trial.js'

// `enroll`: both limbs of the image and of aux, all four of REPORT_DATA, and both secrets, each in every statement that has it.

const LIMB = 1n << 128n
const SMT_ROOT = 0x1122334455667788n + (0x99aabbccddeeff00n << 128n)

interface Parts {
  readonly image: bigint
  readonly aux: bigint
  readonly smtRoot: bigint
  readonly holderSecret: bigint
}

const PARTS: Parts = {
  image: 0x0102030405060708n + (0x1112131415161718n << 128n),
  aux: 0x2122232425262728n + (0x3132333435363738n << 128n),
  smtRoot: SMT_ROOT,
  holderSecret: 0x77n,
}

function honestFrom(changed: Partial<Parts> = {}): Inputs {
  const { image, aux, smtRoot, holderSecret } = { ...PARTS, ...changed }
  const [osImageHash, auxBytes] = [fromInteger(image, 32), fromInteger(aux, 32)]
  const enrollment = {
    reportData: reportData(osImageHash, smtRoot, auxBytes),
    osImageHash,
    aux: auxBytes,
    credential: credential(smtRoot, holderSecret),
  }
  return enrollWitness(enrollment, smtRoot, holderSecret)
}

const added = (inputs: Inputs, place: readonly (string | number)[], more: bigint): Inputs =>
  withValue(inputs, place, hex(BigInt(String(valueAt(inputs, place))) + more))

export function enrollTrials(): readonly Trial[] {
  const honest = honestFrom()
  const withRoot = (smtRoot: bigint): Inputs => ({
    ...honest,
    smt_root: hex(smtRoot),
    credential: hex(credential(smtRoot, PARTS.holderSecret)),
  })
  return [
    enroll('enroll: honest inputs are accepted', honest),
    ...limbTrials(honest),
    ...borderTrials(),
    enroll(
      'another low limb of the service tree than in REPORT_DATA',
      withRoot(SMT_ROOT + 1n),
      RULES.notTheReport,
    ),
    enroll(
      'another high limb of the service tree than in REPORT_DATA',
      withRoot(SMT_ROOT + LIMB),
      RULES.notTheReport,
    ),
    enroll(
      'another service tree than in the credential',
      withValue(honestFrom({ smtRoot: SMT_ROOT + 1n }), ['credential'], valueAt(honest, ['credential'])),
      RULES.notTheCredential,
    ),
    enroll(
      'another holder secret than in the credential',
      added(honest, ['holder_secret'], 1n),
      RULES.notTheCredential,
    ),
    enroll('another credential', added(honest, ['credential'], 1n), RULES.notTheCredential),
  ]
}

function limbTrials(honest: Inputs): readonly Trial[] {
  const limbs = [
    ...[0, 1, 2, 3].map((i) => ['report_data', i] as const),
    ...[0, 1].flatMap((i) => [['os_image_hash', i] as const, ['aux', i] as const]),
  ]
  return limbs.flatMap(([name, i]) => [
    enroll(`another limb of ${name}: ${i}`, added(honest, [name, i], 1n), RULES.notTheReport),
    enroll(
      `a second spelling of a limb of ${name}: ${i}`,
      added(honest, [name, i], LIMB),
      name === 'report_data' ? RULES.notTheReport : RULES.tooWide,
    ),
  ])
}

/** Every limb of the message at its largest, and the field elements at the borders of the canonical spelling. */
function borderTrials(): readonly Trial[] {
  const all = (1n << 256n) - 1n
  const roots = { 'p - 1': P - 1n, '1': 1n, '2^128': LIMB, '2^128 - 1': LIMB - 1n }
  const report = toInteger(reportData(fromInteger(PARTS.image, 32), SMT_ROOT, fromInteger(PARTS.aux, 32)))
  return [
    enroll('an image and aux of all ones are accepted', honestFrom({ image: all, aux: all })),
    ...Object.entries(roots).map(([name, smtRoot]) =>
      enroll(`a service tree whose root is ${name} is accepted`, honestFrom({ smtRoot })),
    ),
    ...[0, 1].map((half) => {
      const halves = [report >> 256n, report & all].map((value, i) => (i === half ? value ^ 1n : value))
      const limbs = halves.flatMap((value) => [value >> 128n, value & (LIMB - 1n)]).map(hex)
      return enroll(
        `another ${half === 0 ? 'first' : 'second'} half of REPORT_DATA`,
        { ...honestFrom(), report_data: limbs },
        RULES.notTheReport,
      )
    }),
  ]
}
