import {
  encodeDocument,
  encodePayload,
  type NitroContainer,
  type NitroDocument,
  parseDocument,
} from '@vouch/evidence'
import type { SimulatedEnclave } from '@vouch/evidence/simulated'
import { concat, fromHex } from '@vouch/protocol'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openSimulatedNitro } from '../../../fixtures/simulated-nitro/index.js'
import { readCbor } from '../../src/core/cbor/cbor.js'
import { writeCbor } from '../../src/core/cbor/write.js'
import { parsePayload } from '../../src/vendors/nitro/document.js'
import { fileOf } from '../../testing/files.js'
import { codesOf, NOW } from '../../testing/simulated.js'

// AWS writes the lists and maps of a payload with their length, or, since 2025, up to a break. Documents are made of either.

const vendor = openSimulatedNitro()
const image = [1, 2, 3].map((byte) => new Uint8Array(48).fill(byte)) as unknown as SimulatedEnclave['image']
const attest = async (fields: Partial<NitroDocument>): Promise<Uint8Array> =>
  fileOf(await vendor.attest({ image, at: NOW, fields }), 'attestation_doc.cbor').bytes

const CONTAINERS: readonly NitroContainer[] = ['payload', 'pcrs', 'cabundle']
/** All ways to write three containers. */
const FORMS = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => CONTAINERS.filter((_, i) => (bits >> i) & 1))

describe('a document', () => {
  test.each(FORMS.map((indefinite) => [indefinite.join(' and ') || 'nothing', indefinite] as const))(
    'with %s of indefinite length is authentic, and is written again as it was',
    async (_, indefinite) => {
      const bytes = await attest({ indefinite })
      expect(await codesOf([{ name: 'x', bytes }])).toEqual([])
      const signed = parseDocument(bytes)
      expect(signed.document.indefinite ?? []).toEqual(indefinite)
      expect(encodePayload(signed.document)).toEqual(signed.payload)
      expect(encodeDocument(signed)).toEqual(bytes)
    },
  )

  test('is made in the form of today', async () => {
    const { payload } = parseDocument(await attest({}))
    expect([payload[0], payload.at(-1)]).toEqual([0xbf, 0xff])
    expect(parseDocument(await attest({ indefinite: [] })).payload[0]).toBe(0xa9)
  })

  test('says the same in either form, and is signed in the one it has', async () => {
    const [older, today] = [await attest({ indefinite: [] }), await attest({})].map(parseDocument)
    if (older === undefined || today === undefined) throw new Error('there must be two documents')
    const { indefinite: _, certificate: __, ...said } = today.document
    expect(older.document).toMatchObject(said)
    const exchanged = encodeDocument({
      ...today,
      payload: encodePayload({ ...today.document, indefinite: [] }),
    })
    expect(await codesOf([{ name: 'x', bytes: exchanged }])).toEqual(['EVIDENCE_SIGNATURE_FALSE'])
  })

  test('has an envelope that says each length', async () => {
    const bytes = await attest({})
    const open = concat(Uint8Array.of(0x9f), bytes.subarray(1), Uint8Array.of(0xff))
    expect(refusalOf(() => parseDocument(open)).code).toBe('CBOR_MALFORMED')
    const header = concat(bytes.subarray(0, 6), Uint8Array.of(0xbf, 0xff), bytes.subarray(7))
    expect(refusalOf(() => parseDocument(header))).toMatchObject({
      code: 'CBOR_MALFORMED',
      rule: 'an attestation document must say the length of each value',
    })
  })

  test.each<[string, (payload: Uint8Array) => Uint8Array, string]>([
    ['without its break', (payload) => payload.subarray(0, -1), 'TRUNCATED'],
    ['with a second break', (payload) => concat(payload, Uint8Array.of(0xff)), 'TRAILING_BYTES'],
    ['with a value behind its break', (payload) => concat(payload, Uint8Array.of(0xf6)), 'TRAILING_BYTES'],
    [
      'with a break between a key and its value',
      // The last member, a nonce that is null, is left with its key alone.
      (payload) => concat(payload.subarray(0, -2), Uint8Array.of(0xff)),
      'CBOR_MALFORMED',
    ],
    [
      'with a member behind the last',
      (payload) => concat(payload.subarray(0, -1), fromHex('6178f6ff')),
      'CBOR_MALFORMED',
    ],
    ['that is empty', () => fromHex('bfff'), 'CBOR_MALFORMED'],
    ['that is a list', () => fromHex('9fff'), 'CBOR_MALFORMED'],
  ])('with a payload %s is refused', async (_, change, code) => {
    const signed = parseDocument(await attest({}))
    const bytes = encodeDocument({ ...signed, payload: change(signed.payload) })
    expect(refusalOf(() => parseDocument(bytes)).code).toBe(code)
  })
})

describe('CBOR', () => {
  const refused = (hex: string) => refusalOf(() => readCbor(fromHex(hex), 0, 'it', 'any'))

  test.each([
    ['of half precision', 'f93c00'],
    ['of single precision', 'fa3f800000'],
    ['of double precision', 'fb3ff0000000000000'],
    ['in a list', '81f93c00'],
    ['in a list of indefinite length', '9ffb3ff0000000000000ff'],
  ])('with a float %s is refused for what it is', (_, hex) => {
    expect(refused(hex)).toMatchObject({
      code: 'CBOR_MALFORMED',
      rule: 'it must hold no floating-point numbers',
    })
  })

  test.each([
    ['bytes in pieces', '5f4101ff'],
    ['a text in pieces', '7f6161ff'],
  ])('with %s is refused', (_, hex) => {
    expect(refused(hex)).toMatchObject({ rule: 'it must say the length of each string' })
  })

  test.each([
    ['a break alone', 'ff'],
    ['a break in a list that says its length', '81ff'],
    ['a boolean', 'f5'],
    ['undefined', 'f7'],
  ])('that is %s is refused', (_, hex) => {
    expect(refused(hex).rule).toContain('must be made of numbers, bytes, texts, lists, maps and null')
  })

  test.each([
    ['a list', '9f00'],
    ['a map', 'bf0000'],
    ['a list in a list', '9f9fff'],
  ])('that is %s without a break ends too soon', (_, hex) => {
    expect(refused(hex).code).toBe('TRUNCATED')
  })

  test('is not read without end, however many values stand before the break', () => {
    const bytes = concat(Uint8Array.of(0x9f), new Uint8Array(100_000), Uint8Array.of(0xff))
    expect(refusalOf(() => readCbor(bytes, 0, 'it', 'any')).rule).toContain('at most 1024 values')
    expect(refusalOf(() => readCbor(new Uint8Array(40).fill(0x9f), 0, 'it', 'any')).rule).toContain('8 deep')
  })

  test('that is read is written again as it was', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        let end = 0
        let written = new Uint8Array()
        try {
          const read = readCbor(bytes, 0, 'it', 'any')
          end = read.end
          written = new Uint8Array(writeCbor(read.value))
        } catch (error) {
          expect(error).toHaveProperty('code')
        }
        expect(written).toEqual(bytes.subarray(0, end))
      }),
      { numRuns: 3000 },
    )
  })
})

const hash = fc.uint8Array({ minLength: 48, maxLength: 48 })
const bytes = (max: number) => fc.uint8Array({ maxLength: max })
const anyDocument: fc.Arbitrary<NitroDocument> = fc.record(
  {
    moduleId: fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
    timestamp: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    pcrs: fc
      .uniqueArray(fc.tuple(fc.nat(31), hash), { selector: ([index]) => index })
      .map((pcrs) => new Map(pcrs.sort(([a], [b]) => a - b))),
    certificate: fc.uint8Array({ minLength: 1, maxLength: 300 }),
    caBundle: fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 8 }),
    publicKey: bytes(40),
    userData: bytes(40),
    nonce: bytes(40),
    indefinite: fc.subarray([...CONTAINERS], { minLength: 1 }),
  },
  { requiredKeys: ['moduleId', 'timestamp', 'pcrs', 'certificate', 'caBundle'] },
)

test('any document in any form is read as it was made', () => {
  fc.assert(
    fc.property(anyDocument, (document) => {
      const payload = encodePayload(document)
      expect(parsePayload(payload)).toEqual(document)
      for (const cut of [1, 2, payload.length >> 1])
        expect(() => parsePayload(payload.subarray(0, -cut))).toThrow()
    }),
    { numRuns: 300 },
  )
})
