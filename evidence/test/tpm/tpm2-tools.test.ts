import { type EvidenceFile, explainFile } from '@vouch/evidence'
import { concat, fromInteger, VouchError } from '@vouch/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { littleEndian } from '../../src/core/fields.js'
import { HASHES, type TpmHash } from '../../src/vendors/eventlog/banks.js'
import { nameOf } from '../../src/vendors/tpm/public-area.js'
import { looksLikeSerializedPcrs, parseSerializedPcrs } from '../../src/vendors/tpm/serialized-pcrs.js'
import { fileOf, withFile } from '../../testing/files.js'
import { judgeSimulated } from '../../testing/judge.js'
import { allCodes } from '../../testing/quotes.js'
import { authenticated, codesOf } from '../../testing/simulated.js'
import { attestTpm, pcrs } from '../../testing/tpm.js'
import { area, areaFile, creation } from '../../testing/tpm-structures.js'

// What tpm2-tools write: the public area of a key behind its length, and values of PCRs as they lie in memory.

const sized = (bytes: Uint8Array): Uint8Array => concat(fromInteger(bytes.length, 2), bytes)

type Values = ReadonlyMap<number, Uint8Array>

/** A file of PCR values, as tpm2_quote writes it with -o: values in lists of eight. */
function serialized(banks: readonly (readonly [TpmHash, Values])[]): Uint8Array {
  const selections = banks.map(([hash, values]) => {
    const bits = [...values.keys()].reduce((sum, index) => sum + 2 ** index, 0)
    return concat(littleEndian(HASHES[hash].id, 2), Uint8Array.of(3), littleEndian(bits, 5))
  })
  const all = banks.flatMap(([, values]) => [...values.values()])
  const lists = Array.from({ length: Math.ceil(all.length / 8) }, (_, i) => all.slice(8 * i, 8 * i + 8))
  const listed = lists.map((values) =>
    concat(
      littleEndian(values.length, 4),
      ...values.map((value) =>
        concat(littleEndian(value.length, 2), value, new Uint8Array(64 - value.length)),
      ),
      new Uint8Array(66 * (8 - values.length)),
    ),
  )
  const unused = new Uint8Array(8 * (16 - banks.length))
  return concat(
    littleEndian(banks.length, 4),
    ...selections,
    unused,
    littleEndian(lists.length, 4),
    ...listed,
  )
}

const bank = (hash: TpmHash, count: number): Values =>
  new Map(Array.from({ length: count }, (_, i) => [i, new Uint8Array(HASHES[hash].bytes).fill(0xa0 + i)]))

describe('the file of PCR values that tpm2_quote writes', () => {
  const file = serialized([['sha256', pcrs]])
  const withPcrs = async (bytes: Uint8Array) => withFile(await attestTpm(), 'pcrs.json', () => bytes)

  test('is read as the values of the quote', async () => {
    const { authentic, failures } = await authenticated(await withPcrs(file))
    expect(failures).toEqual([])
    expect(authentic?.claims).toMatchObject({
      quote: { pcrs: { sha256: Object.fromEntries([...pcrs].map(([index, value]) => [`${index}`, value])) } },
    })
  })

  test('may hold several banks and lists, in the order in which they are selected', () => {
    const banks = [
      ['sha256', bank('sha256', 14)],
      ['sha1', bank('sha1', 3)],
    ] as const
    expect(parseSerializedPcrs(serialized(banks))).toEqual(banks.map(([bank, values]) => ({ bank, values })))
  })

  test('beside the same values in JSON is one file, and with others it is false', async () => {
    const both = (bytes: Uint8Array) => async () => [...(await attestTpm()), { name: 'pcrs.out', bytes }]
    expect(await codesOf(await both(file)())).toEqual([])
    const other = serialized([['sha256', new Map([...pcrs, [4, new Uint8Array(32)]])]])
    expect(await codesOf(await both(other)())).toEqual(['EVIDENCE_BINDING_FALSE'])
    expect(await codesOf(await withPcrs(other))).toEqual(['EVIDENCE_BINDING_FALSE'])
    expect(await codesOf(await withPcrs(serialized([['sha1', bank('sha1', 5)]])))).toContain(
      'EVIDENCE_BINDING_FALSE',
    )
  })

  test('with any one bit flipped is not accepted', { timeout: 60_000 }, async () => {
    for (let bit = 0; bit < 8 * file.length; bit += bit < 8 * 260 ? 3 : 61) {
      const damaged = file.with(bit >> 3, (file[bit >> 3] ?? 0) ^ (1 << (bit & 7)))
      expect([bit, looksLikeSerializedPcrs(damaged)]).toEqual([bit, true])
      expect([bit, await judgeSimulated(await withPcrs(damaged))]).toEqual([bit, false])
    }
  })

  test.each<[string, string, () => Uint8Array]>([
    ['a bank that is not known', 'ALGORITHM_UNKNOWN', () => file.with(4, 0x12)],
    ['a selection of another size', 'VALUE_MALFORMED', () => file.with(6, 4)],
    ['more banks than selections', 'ALGORITHM_UNKNOWN', () => file.with(0, 2)],
    [
      'a bank twice',
      'VALUE_MALFORMED',
      () =>
        serialized([
          ['sha256', pcrs],
          ['sha256', pcrs],
        ]),
    ],
    ['something where it holds nothing', 'NOT_CANONICAL', () => file.with(-1, 1)],
    ['something behind its banks', 'NOT_CANONICAL', () => file.with(20, 1)],
    ['more values in a list than fit', 'VALUE_MALFORMED', () => file.with(136, 9)],
    ['fewer values than it selects', 'VALUE_MALFORMED', () => file.with(136, 4).fill(0, 136 + 4 + 4 * 66)],
    ['a value of another length', 'VALUE_MALFORMED', () => file.with(140, 20).fill(0, 142 + 20, 142 + 32)],
    ['another number of lists', 'TRUNCATED', () => file.with(132, 2)],
    ['more lists than it counts', 'TRAILING_BYTES', () => concat(file, new Uint8Array(532))],
  ])('with %s is refused', async (_, code, bytes) => {
    expect(await allCodes(await withPcrs(bytes()))).toContain(code)
  })

  test('is read or refused, whatever is changed', () => {
    const good = serialized([
      ['sha256', bank('sha256', 10)],
      ['sha1', bank('sha1', 2)],
    ])
    const places = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 3 })
    fc.assert(
      fc.property(places, fc.nat(600), (changes, cut) => {
        const bytes = changes
          .reduce((all, [at, byte]) => all.with(at, byte), good)
          .subarray(0, good.length - cut)
        try {
          const banks = parseSerializedPcrs(bytes)
          expect(serialized(banks.map(({ bank, values }) => [bank, values]))).toEqual(bytes)
        } catch (error) {
          if (!(error instanceof VouchError)) throw error
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('is shown value by value', () => {
    const [shown] = explainFile({ name: 'pcrs.out', bytes: file })
    expect(shown?.fields.map(({ name }) => name)).toEqual([...pcrs.keys()].map((index) => `sha256:${index}`))
  })
})

describe('a public area behind its length (TPM2B_PUBLIC)', () => {
  const wrapped: EvidenceFile = { name: 'ak.pub', bytes: sized(areaFile().bytes) }

  test('is the same key, under the same name', async () => {
    const files = await attestTpm()
    const made = await creation(fileOf(files, 'quote_msg.bin').bytes, nameOf(areaFile().bytes, area))
    const { failures, notChecked } = await authenticated([...files, wrapped, ...made])
    expect(failures).toEqual([])
    expect(notChecked.join()).not.toContain('public area')
    expect(await codesOf([...files, wrapped, areaFile()])).toEqual([])
  })

  test('of a key that is not restricted is refused as before, and so is a second key', async () => {
    const files = await attestTpm()
    const open = areaFile({ attributes: area.attributes & ~(1 << 16) })
    expect(await codesOf([...files, { name: 'ak.pub', bytes: sized(open.bytes) }])).toEqual([
      'EVIDENCE_SIGNATURE_FALSE',
    ])
    expect(await allCodes([...files, wrapped, open])).toContain('EVIDENCE_AMBIGUOUS')
  })

  test('with any one bit flipped, or with another length, is not accepted', async () => {
    const quote = await attestTpm()
    const made = await creation(fileOf(quote, 'quote_msg.bin').bytes, nameOf(areaFile().bytes, area))
    const files = [...quote, ...made]
    expect(await judgeSimulated([...files, wrapped])).toBe(true)
    for (let bit = 0; bit < 8 * wrapped.bytes.length; bit++) {
      const damaged = wrapped.bytes.with(bit >> 3, (wrapped.bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7)))
      expect([bit, await judgeSimulated([...files, { name: 'ak.pub', bytes: damaged }])]).toEqual([
        bit,
        false,
      ])
    }
    const longer = { name: 'ak.pub', bytes: concat(wrapped.bytes, Uint8Array.of(0)) }
    expect(await allCodes([...files, longer])).toEqual(['TRAILING_BYTES'])
    const shorter = { name: 'ak.pub', bytes: wrapped.bytes.subarray(0, -1) }
    expect(await allCodes([...files, shorter])).toEqual(['TRUNCATED'])
  })

  test('is shown as the one without', () => {
    expect(explainFile(wrapped)).toEqual(explainFile({ ...areaFile(), name: wrapped.name }))
  })
})
