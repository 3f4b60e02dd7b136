import {
  type EvidenceFile,
  encodeQuote,
  explainFile,
  parseCertificate,
  parseQuote,
  type Quote,
} from '@vouch/evidence'
import { VouchError } from '@vouch/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { needs } from '../../../test/support/needs.js'
import { readPlatform } from '../../src/vendors/dcap/platform.js'
import { pemBytes } from '../../testing/bytes.js'
import { fileOf, flipped, jsonBytes, textOf } from '../../testing/files.js'
import { platform, quoteEnclave, quoteGuest } from '../../testing/intel.js'
import { allCodes, requoted } from '../../testing/quotes.js'
import { exitFor, failuresOf, judge, openSample, time } from '../../testing/samples.js'
import { authenticated, NOW } from '../../testing/simulated.js'

// Quotes that name their PCK, by PPID and TCB, instead of carrying its chain: certification data of types 1 to 3.

type PckId = NonNullable<Quote['pckId']>
type Type = PckId['type']

const SIZES = [
  [1, 16],
  [2, 256],
  [3, 384],
] as const satisfies readonly (readonly [Type, number])[]

const chainOf = (files: readonly EvidenceFile[]): Uint8Array =>
  parseQuote(fileOf(files, 'quote.bin').bytes).quote.pckChain

/** What the leaf of a chain says of its PCK, as a quote of this type says it. */
function pckIdOf(chain: Uint8Array, type: Type): PckId {
  const [first = ''] = textOf(chain).match(/-----BEGIN CERTIFICATE-----[^-]+/) ?? []
  const { ppid, cpuSvn, pceSvn, pceId } = readPlatform(parseCertificate(pemBytes(first)))
  const size = SIZES.find(([known]) => known === type)?.[1] ?? 0
  return { type, ppid: type === 1 ? ppid : new Uint8Array(size).fill(0xe7), cpuSvn, pceSvn, pceId }
}

/** The same evidence, its quote naming the PCK, with the chain beside it. */
function naming(
  files: readonly EvidenceFile[],
  type: Type,
  changes: Partial<PckId> = {},
  chain = chainOf(files),
): readonly EvidenceFile[] {
  const pckId = { ...pckIdOf(chainOf(files), type), ...changes }
  return [...requoted(files, { pckChain: new Uint8Array(), pckId }), { name: 'pck_chain.pem', bytes: chain }]
}

describe.each(SIZES)('certification data of type %d', (type, size) => {
  test.each([
    ['a guest', quoteGuest],
    ['an enclave', quoteEnclave],
  ] as const)('of %s: the chain comes with the collateral', async (_, quote) => {
    const files = naming(await quote(), type)
    expect(await allCodes(files)).toEqual([])
    const { notChecked } = await authenticated(files)
    const left = 'the PPID in the certification data: it is encrypted for Intel'
    expect(notChecked.includes(left)).toBe(type !== 1)
  })

  test('without the chain is undecided', async () => {
    const files = naming(await quoteGuest(), type).filter(({ name }) => name !== 'pck_chain.pem')
    expect(await allCodes(files)).toEqual(['COLLATERAL_MISSING'])
    expect(await judge(files, NOW)).toBe(4)
  })

  test('that names another PCK than the chain is of is false', async () => {
    const files = await quoteGuest()
    const { pceSvn } = pckIdOf(chainOf(files), type)
    for (const changes of [
      { cpuSvn: new Uint8Array(16).fill(9) },
      { pceSvn: pceSvn + 1 },
      { pceId: Uint8Array.of(1, 0) },
    ])
      expect(await allCodes(naming(files, type, changes))).toEqual(['CERTIFICATE_MISMATCH'])
  })

  test('is written again as it was read, and has one length', async () => {
    const { bytes } = fileOf(naming(await quoteGuest(), type), 'quote.bin')
    expect(encodeQuote(parseQuote(bytes).quote)).toEqual(bytes)
    const short = { ppid: new Uint8Array(size - 1) }
    expect(await allCodes(naming(await quoteGuest(), type, short))).toContain('TRUNCATED')
    const long = { ppid: new Uint8Array(size + 1) }
    expect(await allCodes(naming(await quoteGuest(), type, long))).toContain('TRAILING_BYTES')
  })

  test('is shown field by field', async () => {
    const [shown] = explainFile(fileOf(naming(await quoteGuest(), type), 'quote.bin'))
    const names = shown?.fields.map(({ name }) => name) ?? []
    expect(names).toEqual(expect.arrayContaining(['PPID', 'CPUSVN', 'PCESVN', 'PCEID']))
    expect(names).not.toContain('PCK chain')
  })

  test('is read and written again as it was, or refused, with any change', async () => {
    const good = fileOf(naming(await quoteGuest(), type), 'quote.bin').bytes
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(40), (at, byte, cut) => {
        const bytes = good.with(at, byte).subarray(0, good.length - cut)
        try {
          expect(encodeQuote(parseQuote(bytes).quote)).toEqual(bytes)
        } catch (error) {
          if (!(error instanceof VouchError)) throw error
        }
      }),
      { numRuns: 500 },
    )
  })
})

test('a PPID in the clear is that of the certificate', async () => {
  const files = await quoteGuest()
  expect(await allCodes(naming(files, 1, { ppid: flipped(platform.ppid, 0) }))).toEqual([
    'CERTIFICATE_MISMATCH',
  ])
  const others = await quoteGuest({ platform: { ppid: new Uint8Array(16) } })
  expect(await allCodes(naming(files, 1, {}, chainOf(others)))).toEqual(['CERTIFICATE_MISMATCH'])
})

test('of a type that is not known stays undecided', async () => {
  const { bytes } = fileOf(naming(await quoteGuest(), 1), 'quote.bin')
  const type = bytes.length - 36 - 6
  expect(bytes[type]).toBe(1)
  for (const other of [0, 4, 7]) {
    const files = naming(await quoteGuest(), 1).filter(({ name }) => name !== 'quote.bin')
    const codes = await allCodes([{ name: 'quote.bin', bytes: bytes.with(type, other) }, ...files])
    expect([other, codes]).toEqual([other, ['ALGORITHM_UNKNOWN']])
  }
})

describe('a real quote that names its PCK', () => {
  const NAMES = ['tdx/v4-uptodate-b0c06f', 'sgx/v3-hello-world']
  const stranger = 'tdx/v5-td15-tcb-unsupported'

  test.for(NAMES.flatMap((name) => SIZES.map(([type]) => [name, type] as const)))(
    '%s with type %d is judged by the chain in its collateral',
    async ([name, type], context) => {
      needs.samples(context)
      const { given, expected } = openSample(name)
      const at = time(expected.verification_time)
      const chain = chainOf(given)
      const collateral = JSON.parse(textOf(fileOf(given, 'collateral.json').bytes)) as object
      const quote = requoted(
        given.filter((file) => file.name === 'quote.bin'),
        { pckChain: new Uint8Array(), pckId: pckIdOf(chain, type) },
      )
      const withChain = (pem: string | null): readonly EvidenceFile[] => [
        ...quote,
        { name: 'collateral.json', bytes: jsonBytes({ ...collateral, pck_certificate_chain: pem }) },
      ]
      expect(await judge(withChain(textOf(chain)), at)).toBe(exitFor(expected.outcome))
      expect(await judge(withChain(null), at)).toBe(4)
      const others = chainOf(openSample(stranger).given)
      const failures = await failuresOf(withChain(textOf(others)), at)
      expect(failures.map(({ code }) => code)).toContain('EVIDENCE_SIGNATURE_FALSE')
      expect(await judge(withChain(textOf(others)), at)).toBe(2)
    },
  )
})
