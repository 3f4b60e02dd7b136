import fc from 'fast-check'
import { concat } from '../src/index.js'

/** What is done to a valid input, as numbers that a run of any input can use. */
type Step = readonly [kind: number, at: number, other: number, size: number]

const KINDS = 6
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.tuple(fc.nat(KINDS - 1), fc.nat(), fc.nat(), fc.nat(40)),
  { maxLength: 3 },
)

/** Byte strings near valid ones: bits flipped, bytes set, cut out, inserted, doubled, swapped. */
export function mutatedBytes(samples: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(fc.constantFrom(...samples), steps)
    .map(([sample, todo]) => todo.reduce(mutateBytes, sample))
}

function mutateBytes(bytes: Uint8Array, [kind, place, other, size]: Step): Uint8Array {
  const at = place % (bytes.length + 1)
  switch (kind) {
    case 0:
      return withByte(bytes, at, (byte) => byte ^ (1 << (other % 8)))
    case 1: // the numbers at which lengths and flags turn
      return withByte(bytes, at, (byte) => [0, 1, 2, 3, 127, 128, 254, 255][other % 8] ?? byte)
    case 2:
      return concat(bytes.subarray(0, at), bytes.subarray(at + size))
    case 3:
      return concat(bytes.subarray(0, at), new Uint8Array(size).fill(other & 255), bytes.subarray(at))
    case 4:
      return concat(bytes.subarray(0, at + size), bytes.subarray(at))
    default:
      return concat(
        bytes.subarray(0, at),
        bytes.subarray(at + size, at + 2 * size),
        bytes.subarray(at, at + size),
        bytes.subarray(at + 2 * size),
      )
  }
}

function withByte(bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const byte = bytes[at]
  return byte === undefined ? bytes : bytes.with(at, change(byte))
}

/** What readers of JSON disagree about. */
const TOKENS = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '-',
  '-0',
  '0',
  '1e1',
  '.5',
  '9007199254740993',
  'null',
  ' ',
  '\n',
  '\ufeff',
  '\\u0000',
  '\\ud83d',
  '\ud83d',
  '\ude00',
  '{"a":1,"a":2}',
  '"__proto__":1,',
  '"version":1,',
  '//',
]

/** Texts near valid files: with such tokens inserted, and pieces cut out, doubled and swapped. */
export function mutatedText(samples: readonly string[]): fc.Arbitrary<string> {
  return fc.tuple(fc.constantFrom(...samples), steps).map(([sample, todo]) => todo.reduce(mutateText, sample))
}

function mutateText(text: string, [kind, place, other, size]: Step): string {
  const at = place % (text.length + 1)
  switch (kind) {
    case 0:
    case 1:
      return text.slice(0, at) + (TOKENS[other % TOKENS.length] ?? '') + text.slice(at)
    case 2:
      return text.slice(0, at) + text.slice(at + size)
    case 3: // white space where it is free, as often as not
      return text.replaceAll(',', other % 2 === 0 ? ' ,\n' : ',\t')
    case 4:
      return text.slice(0, at + size) + text.slice(at)
    default:
      return (
        text.slice(0, at) +
        text.slice(at + size, at + 2 * size) +
        text.slice(at, at + size) +
        text.slice(at + 2 * size)
      )
  }
}

/** Values that a member might wrongly, or just still, have. */
const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  2,
  -1,
  60,
  3600,
  2 ** 40,
  2 ** 53 - 1,
  '',
  'ab',
  'AB',
  '00'.repeat(32),
  `00${'ff'.repeat(31)}`,
  '01'.repeat(32),
  'ff'.repeat(32),
  [],
  ['00'.repeat(32)],
  {},
  { kind: 'challenge' },
  { kind: 'max_age', seconds: 60 },
  'sha256',
  'eip191',
]

/** Files near valid ones: with a member replaced, left out, added or moved, and the rest as it was. */
export function mutatedFile(samples: readonly string[]): fc.Arbitrary<string> {
  const objects = samples.map((sample) => JSON.parse(sample) as object)
  return fc
    .tuple(fc.constantFrom(...objects), steps)
    .map(([object, todo]) => JSON.stringify(todo.reduce(mutateFile, object)))
}

function mutateFile(file: object, [kind, place, other]: Step): object {
  const members = Object.entries(file)
  const at = place % (members.length + 1)
  const [name, value] = members[at] ?? ['note', 1]
  const replacement = VALUES[other % VALUES.length]
  switch (kind) {
    case 0:
    case 1:
      return { ...file, [name]: replacement }
    case 2:
      return Object.fromEntries(members.filter((_, i) => i !== at))
    case 3:
      return Object.fromEntries([...members.slice(at), ...members.slice(0, at)])
    case 4:
      return Array.isArray(value)
        ? { ...file, [name]: [...value, replacement] }
        : { ...file, [`${name}_`]: value }
    default:
      return typeof value === 'object' && value !== null && !Array.isArray(value)
        ? { ...file, [name]: mutateFile(value, [other % KINDS, other, place, 0]) }
        : { ...file, [name]: Array.isArray(value) ? value.toReversed() : value }
  }
}
