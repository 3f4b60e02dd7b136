import {
  type AuthenticEvidence,
  appraise,
  authenticate,
  bindsReportData,
  type EvidenceFile,
  encodeDocument,
  inspect,
  type NitroDocument,
  parseAdmissionPolicy,
  parseDocument,
  parseEvidence,
} from '@vouch/evidence'
import type { SimulatedEnclave } from '@vouch/evidence/simulated'
import { concat, type ErrorCode, toHex, VouchError } from '@vouch/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openSimulatedNitro } from '../../../fixtures/simulated-nitro/index.js'
import { writeCbor } from '../../src/core/cbor/write.js'
import { NITRO_ANCHORS } from '../../src/index.js'

// Each check of attestation documents, broken alone.

const NOW = 1_800_000_000
const vendor = openSimulatedNitro()
const image = [1, 2, 3].map((byte) => new Uint8Array(48).fill(byte)) as unknown as SimulatedEnclave['image']
const reportData = Uint8Array.from({ length: 64 }, (_, i) => i)

const attest = (changes: Partial<SimulatedEnclave> = {}): Promise<readonly EvidenceFile[]> =>
  vendor.attest({ image, at: NOW, userData: reportData, ...changes })

async function codesOf(files: readonly EvidenceFile[], at = NOW): Promise<readonly string[]> {
  const { evidence } = await parseEvidence(files)
  return (await authenticate(evidence, at)).failures.map(({ code }) => code)
}

async function authentic(changes: Partial<SimulatedEnclave> = {}): Promise<AuthenticEvidence> {
  const { evidence } = await parseEvidence(await attest(changes))
  const { authentic, failures } = await authenticate(evidence, NOW)
  if (authentic === undefined) throw new Error(JSON.stringify(failures))
  return authentic
}

async function parseCode(bytes: Uint8Array): Promise<ErrorCode | undefined> {
  try {
    parseDocument(bytes)
    return undefined
  } catch (error) {
    if (error instanceof VouchError) return error.code
    throw error
  }
}

const policyJson = {
  version: 1,
  name: 'simulated enclaves',
  evidence: {
    'simulated-nitro': {
      roots: NITRO_ANCHORS.filter(({ kind }) => kind === 'simulated-nitro').map(({ spki }) => toHex(spki)),
      images: [{ pcr0: '01'.repeat(48), pcr1: '02'.repeat(48), pcr2: '03'.repeat(48) }],
      signers: [] as readonly string[],
      debug: false,
    },
  },
  os_images: ['05'.repeat(32)],
  quota: 'none' as number | string,
  ttl: 172_800,
  collateral: { revocation: 'required', max_age: 604_800, grace: 86_400 },
}
const policyWith = (pins: object = {}, changes: object = {}) =>
  parseAdmissionPolicy(
    JSON.stringify({
      ...policyJson,
      evidence: { 'simulated-nitro': { ...policyJson.evidence['simulated-nitro'], ...pins } },
      ...changes,
    }),
  )

describe('a document', () => {
  test('is authentic, and says what it was made to say', async () => {
    const { claims } = await authentic({ nonce: Uint8Array.of(7) })
    expect(claims).toMatchObject({
      kind: 'simulated-nitro',
      debug: false,
      timestamp: NOW * 1000,
      slots: [
        { name: 'user_data', bytes: reportData, holds: 'report_data' },
        { name: 'nonce', bytes: Uint8Array.of(7), holds: 'nonce' },
      ],
    })
    expect(claims.machineIdentity).toBeUndefined()
    expect(bindsReportData(claims, reportData)).toBe(true)
    expect(bindsReportData(claims, reportData.toReversed())).toBe(false)
  })

  test('reads the same with the tag of COSE_Sign1 and without', async () => {
    const [file] = await attest()
    if (file === undefined) throw new Error('there must be a document')
    const tagged = { ...file, bytes: concat(Uint8Array.of(0xd2), file.bytes) }
    expect(await codesOf([tagged])).toEqual([])
    expect(encodeDocument(parseDocument(tagged.bytes))).toEqual(tagged.bytes)
  })

  test('is false when its payload or signature is another', async () => {
    const [file] = await attest()
    const signed = parseDocument(file?.bytes ?? new Uint8Array())
    const signature = signed.signature.with(0, (signed.signature[0] ?? 0) ^ 1)
    expect(await codesOf([{ name: 'x', bytes: encodeDocument({ ...signed, signature }) }])).toEqual([
      'EVIDENCE_SIGNATURE_FALSE',
    ])
  })

  test('is false before and after its certificate is in force', async () => {
    expect(await codesOf(await attest(), NOW - 6)).toEqual(['CERTIFICATE_EXPIRED'])
    expect(await codesOf(await attest(), NOW + 3 * 3600 + 1)).toEqual(['CERTIFICATE_EXPIRED'])
  })

  test('is false when it was made outside the life of its certificate', async () => {
    const fields = { timestamp: (NOW - 6) * 1000 }
    expect(await codesOf(await attest({ fields }))).toEqual(['CERTIFICATE_MISMATCH'])
  })

  test('is false under a root that is not pinned, whatever it is called', async () => {
    const [file] = await attest()
    const { document } = parseDocument(file?.bytes ?? new Uint8Array())
    const caBundle = [document.certificate, ...document.caBundle.slice(1)]
    expect(await codesOf(await attest({ fields: { caBundle } }))).toEqual(['CHAIN_FALSE'])
  })

  test('is false when an issuer is missing from its bundle', async () => {
    const [file] = await attest()
    const { document } = parseDocument(file?.bytes ?? new Uint8Array())
    const codes = await codesOf(await attest({ fields: { caBundle: document.caBundle.slice(0, 1) } }))
    expect(new Set(codes)).toEqual(new Set(['CHAIN_FALSE']))
  })

  test('takes its own certificates beside it, and no others', async () => {
    const files = await attest()
    const { document } = parseDocument(files[0]?.bytes ?? new Uint8Array())
    const own = document.caBundle.map((bytes) => ({ name: 'ca.der', bytes }))
    expect(await codesOf([...files, ...own])).toEqual([])
    const [other] = await attest({ certificate: { serial: 9 } })
    const foreign = parseDocument(other?.bytes ?? new Uint8Array()).document.certificate
    expect(await codesOf([...files, { name: 'x.der', bytes: foreign }])).toEqual(['COLLATERAL_CONFLICT'])
  })

  test('with bytes behind it is refused', async () => {
    const files = await attest()
    const longer = files.map((file) => ({ ...file, bytes: concat(file.bytes, Uint8Array.of(0)) }))
    expect(await codesOf(longer)).toEqual(['EVIDENCE_TRAILING'])
  })
})

describe('bytes that are no document of AWS', () => {
  const broken: readonly (readonly [string, Partial<NitroDocument>])[] = [
    ['a register of another length', { pcrs: new Map([[0, new Uint8Array(32)]]) }],
    ['a register past 31', { pcrs: new Map([[32, new Uint8Array(48)]]) }],
    [
      'registers that descend',
      { pcrs: new Map([1, 0].map((number) => [number, new Uint8Array(48)] as const)) },
    ],
    ['no bundle', { caBundle: [] }],
    ['a module without a name', { moduleId: '' }],
    ['no time', { timestamp: 0 }],
    ['user data of 513 bytes', { userData: new Uint8Array(513) }],
    ['a nonce of 513 bytes', { nonce: new Uint8Array(513) }],
    ['a public key of 1,025 bytes', { publicKey: new Uint8Array(1025) }],
  ]
  test.each(broken)('%s', async (_, fields) => {
    const [file] = await attest({ fields })
    expect(await parseCode(file?.bytes ?? new Uint8Array())).toBe('CBOR_MALFORMED')
  })

  const text = (value: string) => ({ type: 'text', value }) as const
  test.each<[string, Uint8Array, ErrorCode]>([
    ['a list of five', Uint8Array.of(0x85, 0xf6, 0xf6, 0xf6, 0xf6, 0xf6), 'CBOR_MALFORMED'],
    ['a length spelled too long', Uint8Array.of(0x98, 4), 'CBOR_MALFORMED'],
    ['an indefinite list', Uint8Array.of(0x9f, 0xff), 'CBOR_MALFORMED'],
    ['a float', Uint8Array.of(0xfa, 0, 0, 0, 0), 'CBOR_MALFORMED'],
    ['a tag inside', Uint8Array.of(0x81, 0xc1, 0x00), 'CBOR_MALFORMED'],
    ['a number past 2^53', concat(Uint8Array.of(0x1b), new Uint8Array(8).fill(0xff)), 'CBOR_MALFORMED'],
    ['text that is no UTF-8', Uint8Array.of(0x61, 0xff), 'CBOR_MALFORMED'],
    ['a list that ends too soon', Uint8Array.of(0x84, 0x00), 'TRUNCATED'],
    ['a count of a billion', Uint8Array.of(0x9a, 0x3b, 0x9a, 0xca, 0x00), 'CBOR_MALFORMED'],
    ['lists in lists in lists', new Uint8Array(40).fill(0x81), 'CBOR_MALFORMED'],
    [
      'another algorithm',
      writeCbor({
        type: 'array',
        items: [{ type: 'bytes', value: Uint8Array.of(0xa1, 1, 0x26) }, text(''), text(''), text('')],
      }),
      'ALGORITHM_UNKNOWN',
    ],
  ])('%s', async (_, bytes, code) => {
    expect(await parseCode(bytes)).toBe(code)
  })

  test('reading and writing again gives the same bytes, or nothing is read', async () => {
    const [file] = await attest({ nonce: new Uint8Array(40) })
    const good = file?.bytes ?? new Uint8Array()
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(3), (at, byte, cut) => {
        const bytes = good.with(at, byte).subarray(0, good.length - cut)
        try {
          expect(encodeDocument(parseDocument(bytes))).toEqual(bytes)
        } catch (error) {
          if (!(error instanceof VouchError)) throw error
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a policy', () => {
  test('takes the image that it pins', async () => {
    expect(appraise(await authentic(), policyWith(), NOW, { nonce: null }).failures).toEqual([])
  })

  test.each<[string, Partial<SimulatedEnclave>, object, readonly string[]]>([
    ['another PCR0', { image: [new Uint8Array(48).fill(9), image[1], image[2]] }, {}, ['images']],
    ['another PCR1', { image: [image[0], new Uint8Array(48).fill(9), image[2]] }, {}, ['images']],
    ['another PCR2', { image: [image[0], image[1], new Uint8Array(48).fill(9)] }, {}, ['images']],
    ['another signer', {}, { signers: ['08'.repeat(48)] }, ['signers']],
  ])('refuses %s', async (_, enclave, pins, fields) => {
    const { failures } = appraise(await authentic(enclave), policyWith(pins), NOW, { nonce: null })
    expect(failures.map(({ field }) => field)).toEqual(fields)
    expect(failures.map(({ code }) => code)).toEqual(['MEASUREMENT_NOT_ACCEPTED'])
  })

  const debugged: Partial<SimulatedEnclave> = {
    image: [new Uint8Array(48), new Uint8Array(48), new Uint8Array(48)],
  }
  test('refuses debug, and takes it when it says so', async () => {
    const evidence = await authentic(debugged)
    expect(appraise(evidence, policyWith(), NOW, { nonce: null }).failures.map(({ code }) => code)).toEqual([
      'DEBUG_NOT_ACCEPTED',
      'MEASUREMENT_NOT_ACCEPTED',
    ])
    expect(appraise(evidence, policyWith({ debug: true }), NOW, { nonce: null }).failures).toEqual([])
    expect(inspect(evidence, { nonce: null }).failures.map(({ code }) => code)).toEqual([
      'SIMULATED_NOT_ACCEPTED',
      'DEBUG_NOT_ACCEPTED',
    ])
  })

  test.each<[string, object, object]>([
    ['a quota that nobody can count', {}, { quota: 1 }],
    [
      'a root of another kind',
      { roots: ['f2caf5ecc6190b4a8399b78bc58a2bbcd0382375db8a1bfd78a82743874fd225'] },
      {},
    ],
    [
      'PCR0 of zeros',
      { images: [{ pcr0: '00'.repeat(48), pcr1: '02'.repeat(48), pcr2: '03'.repeat(48) }] },
      {},
    ],
  ])('with %s does not load', (_, pins, changes) => {
    expect(() => policyWith(pins, changes)).toThrow(expect.objectContaining({ code: 'POLICY_UNSOUND' }))
  })
})
