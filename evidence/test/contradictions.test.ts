import { sha1 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { type EvidenceFile, parseAttest, parseCertificate } from '@vouch/evidence'
import { concat, type ErrorCode, fromHex } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { openSimulatedNvidia } from '../../fixtures/simulated-nvidia/index.js'
import { needs } from '../../test/support/needs.js'
import { endorsementCertificate, SIMULATED_TCB } from '../src/vendors/snp/simulated.js'
import { printPcrs } from '../src/vendors/tpm/pcrs.js'
import { commonNamed } from '../src/x509/issue/certificates.js'
import { ECDSA_SHA384 } from '../src/x509/issue/schemes.js'
import { fileOf, flipped, utf8, withFile } from '../testing/files.js'
import { attestAzureTdx, quoteGuest } from '../testing/intel.js'
import { allCodes } from '../testing/quotes.js'
import { judge, openSample, time } from '../testing/samples.js'
import { attest, codesOf, machine, NOW, report } from '../testing/simulated.js'
import { attestAzure, attestTpm, pcrs, tcg12Event } from '../testing/tpm.js'

// A file that contradicts signed evidence is false (2), also where others are missing; a file that is only missing is undecided (4).

type Files = readonly EvidenceFile[]

const without = (files: Files, ...names: readonly string[]): Files =>
  files.filter(({ name }) => !names.includes(name))
const wrongPcrs = utf8(printPcrs({ bank: 'sha256', values: new Map([...pcrs, [4, new Uint8Array(32)]]) }))

describe('an SNP report with a chain of another generation', () => {
  /** A certificate of the simulated chip's key by an authority that did not come along. */
  async function milanVcek(product: string): Promise<EvidenceFile> {
    const { spki } = parseCertificate(fileOf(await attest(), 'vcek.der').bytes)
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, ['sign'])
    const issuer = { subject: commonNamed('SEV-Milan'), key: pair.privateKey, scheme: ECDSA_SHA384 }
    const content = { type: 'vcek', product, tcb: SIMULATED_TCB, hwId: machine.chipId } as const
    const life = { notBefore: NOW - 60, notAfter: NOW + 60 }
    return { name: 'vcek.der', bytes: await endorsementCertificate({ ...content, ...life }, issuer, spki) }
  }

  test('is false: no certificate that is still to come makes that chain the report’s', async () => {
    const [evidence, , ...chain] = await attest()
    if (evidence === undefined) throw new Error('there must be a report')
    const milan = await milanVcek('Milan-B0')
    expect(await allCodes([evidence, milan, ...chain])).toEqual([
      'COLLATERAL_MISSING',
      'CERTIFICATE_MISMATCH',
    ])
    expect(await judge([evidence, milan, ...chain], NOW)).toBe(2)
    // A chain that is only missing is undecided, and so is one of the right generation that is not whole.
    expect(await judge([evidence, milan], NOW)).toBe(4)
    expect(await judge([evidence, await milanVcek('Simulated'), ...chain], NOW)).toBe(4)
  })

  test('is false without a certificate of the key, where the report says which generation it is of', async () => {
    const fields = { cpuid: [0x19, 0x01, 0x01] } as const
    const milan = without(await attest({ report: { fields } }), 'vcek.der')
    expect(await allCodes(milan)).toEqual(['COLLATERAL_MISSING', 'CERTIFICATE_MISMATCH'])
    const silent = without(await attest({ report: { fields: { ...fields, version: 2 } } }), 'vcek.der')
    expect(await judge(silent, NOW)).toBe(4)
    expect(await judge(without(await attest(), 'vcek.der'), NOW)).toBe(4)
  })

  test('is false by its signature, when its certificate is another chip’s and the chain is missing', async () => {
    const files = without(await attest(), 'intermediate.der', 'root.der')
    expect(await judge(files, NOW)).toBe(4)
    const other = withFile(files, 'report.bin', (bytes) => flipped(bytes, 0x90))
    expect(await allCodes(other)).toEqual(['EVIDENCE_SIGNATURE_FALSE', 'COLLATERAL_MISSING'])
  })

  const GENERATIONS = {
    milan: 'snp/milan-v5-gcp',
    genoa: 'snp/genoa-v3-host-data',
    turin: 'snp/turin-v5-host-data',
  }
  const MILAN_2 = 'snp/milan-v2'
  const VLEK = 'snp/milan-v3-vlek-aws'
  const isChain = ({ name }: EvidenceFile): boolean => /^(ask|ark|asvk)\./.test(name)
  const pairs = Object.entries({ ...GENERATIONS, [MILAN_2]: MILAN_2, [VLEK]: VLEK }).flatMap(([, name]) =>
    Object.values(GENERATIONS)
      .filter((other) => other.slice(4, 9) !== name.slice(4, 9))
      .map((other) => [name, other] as const),
  )
  test.for(pairs)('of a real machine: %s under the chain of %s', async ([name, other], context) => {
    needs.samples(context)
    const { given, expected } = openSample(name)
    const at = time(expected.verification_time)
    const rest = given.filter((file) => !isChain(file))
    const chain = openSample(other).given.filter(isChain)
    expect(chain).toHaveLength(2)
    expect(await judge(given, at)).toBe(0)
    expect(await judge([...rest, ...chain], at)).toBe(2)
    expect(await judge(rest, at)).toBe(4)
    // Beside the chain of its own it is a chain that nothing needs.
    expect(
      await judge([...given, ...chain.map((file) => ({ ...file, name: `other ${file.name}` }))], at),
    ).toBe(0)
    const bare = rest.filter((file) => file.name === 'report.bin')
    expect(await judge([...bare, ...chain], at)).toBe(name === MILAN_2 ? 4 : 2)
  })
})

describe('PCR values that do not hash to the digest of a quote', () => {
  test.each<[string, () => Promise<Files>]>([
    ['a TPM whose key is missing', async () => without(await attestTpm(), 'ak.der')],
    ['a TPM whose chain is missing', async () => without(await attestTpm(), 'intermediate.der')],
    [
      'a machine of Azure on SEV-SNP whose chain is missing',
      async () => without(await attestAzure(), 'intermediate.der'),
    ],
    [
      'a machine of Azure on TDX whose collateral is missing',
      async () => without(await attestAzureTdx(), 'tcb_info.json'),
    ],
  ])('are false beside the quote of %s', async (_, evidence) => {
    const files = await evidence()
    expect(await judge(files, NOW)).toBe(4)
    const wrong = withFile(files, 'pcrs.json', () => wrongPcrs)
    expect(await allCodes(wrong)).toContain('EVIDENCE_BINDING_FALSE')
    expect(await judge(wrong, NOW)).toBe(2)
  })

  test('are false when they are of another bank than the quote selects', async () => {
    const values = new Map([...pcrs.keys()].map((index) => [index, new Uint8Array(20)]))
    const bytes = utf8(printPcrs({ bank: 'sha1', values }))
    const files = withFile(await attestTpm(), 'pcrs.json', () => bytes)
    expect(await allCodes(files)).toEqual(['COLLATERAL_MISSING', 'EVIDENCE_BINDING_FALSE'])
  })

  test('are undecided when some are missing, and the others may be right', async () => {
    const bytes = utf8(printPcrs({ bank: 'sha256', values: new Map([...pcrs].slice(1)) }))
    const files = withFile(await attestTpm(), 'pcrs.json', () => bytes)
    expect(await allCodes(files)).toEqual(['COLLATERAL_MISSING'])
  })

  const REAL = ['tpm/gcp-p256-ak-chain', 'tpm/rsa-quote-eight-pcrs'] as const
  test.for(REAL)('are false beside a real quote, with its key or without: %s', async (name, context) => {
    needs.samples(context)
    const { given, expected } = openSample(name)
    const at = time(expected.verification_time)
    const { attest } = parseAttest(fileOf(given, 'quote_msg.bin').bytes)
    if (attest.type !== 'quote') throw new Error('it must be a quote')
    const [selection] = attest.selections
    const values = new Map((selection?.pcrs ?? []).map((index) => [index, new Uint8Array(32)]))
    const wrong = { name: 'pcrs.json', bytes: utf8(printPcrs({ bank: 'sha256', values })) }
    const keyless = given.filter(({ name }) => !name.startsWith('ak_'))
    for (const files of [given, keyless]) expect(await judge([...files, wrong], at)).toBe(2)
    expect(await judge(keyless, at)).toBe(4)
  })
})

describe('evidence that contradicts signed evidence is false beside a missing file', () => {
  const gpu = openSimulatedNvidia()
  const nonce = new Uint8Array(32).fill(0x99)
  const bound = concat(new Uint8Array(32), nonce)
  const composite = async (reportData: Uint8Array): Promise<Files> =>
    without(
      [...(await attest({ report: { reportData } })), ...(await gpu.attest({ nonce }))],
      'intermediate.der',
    )
  const ofAnotherFmspc = () => quoteGuest({ platform: { certificate: { fmspc: fromHex('0badc0de0000') } } })

  test.each<[string, ErrorCode, () => Promise<Files>, () => Promise<Files>]>([
    [
      'a quote that its own key did not sign, without any certificate',
      'EVIDENCE_SIGNATURE_FALSE',
      async () => without(await quoteGuest(), 'tcb_signing.der'),
      async () =>
        without(
          withFile(await quoteGuest(), 'quote.bin', (bytes) => flipped(bytes, 48 + 520)),
          'tcb_signing.der',
        ),
    ],
    [
      'TCB info of another platform, without the identity of the quoting enclave',
      'COLLATERAL_MISMATCH',
      async () => without(await quoteGuest(), 'qe_identity.json'),
      async () => without(await ofAnotherFmspc(), 'qe_identity.json'),
    ],
    [
      'an identity of another quoting enclave, without TCB info',
      'COLLATERAL_MISMATCH',
      async () => without(await quoteGuest(), 'tcb_info.json'),
      async () => without(await quoteGuest({ collateral: { identity: { isvprodid: 9 } } }), 'tcb_info.json'),
    ],
    [
      'runtime data that REPORT_DATA is not the hash of, without a chain',
      'EVIDENCE_BINDING_FALSE',
      async () => without(await attestAzure(), 'root.der'),
      async () => without(await attestAzure({ snp: { reportData: new Uint8Array(64) } }), 'root.der'),
    ],
    [
      'a quote of a TPM that the given key did not sign, without a chain',
      'EVIDENCE_SIGNATURE_FALSE',
      async () => without(await attestTpm(), 'root.der'),
      async () =>
        without(
          withFile(await attestTpm(), 'quote_sig.bin', (bytes) => flipped(bytes, -1)),
          'root.der',
        ),
    ],
    [
      'a device whose firmware its key is not for, without a chain',
      'CERTIFICATE_MISMATCH',
      async () => without(await gpu.attest({ nonce }), 'root.der'),
      async () => {
        const other = fileOf(await gpu.attest({ nonce, fwid: new Uint8Array(48) }), 'leaf.der')
        return without(
          withFile(await gpu.attest({ nonce }), 'leaf.der', () => other.bytes),
          'root.der',
        )
      },
    ],
    [
      'a device whose nonce its machine had not signed, without a chain of the machine',
      'GPU_NOT_BOUND',
      () => composite(bound),
      () => composite(report.reportData),
    ],
  ])('%s: %s', async (_, code, good, bad) => {
    expect(await judge(await good(), NOW)).toBe(4)
    const files = await bad()
    expect(await allCodes(files)).toContain(code)
    expect(await judge(files, NOW)).toBe(2)
  })

  test('an event log that leads to other registers, of a TPM without a key', async () => {
    const fields = { selections: [{ hash: 'sha1', pcrs: [4] }], pcrDigest: ZERO_PCR_DIGEST } as const
    const values = new Map([[4, new Uint8Array(20)]])
    const files = withFile(without(await attestTpm({ fields }), 'ak.der'), 'pcrs.json', () =>
      utf8(printPcrs({ bank: 'sha1', values })),
    )
    expect(await judge(files, NOW)).toBe(4)
    const log = { name: 'log', bytes: tcg12Event(4, new Uint8Array(20).fill(1)) }
    expect(await allCodes([...files, log])).toEqual(['EVENT_LOG_FALSE', 'COLLATERAL_MISSING'])
  })

  test('an event log that leads to another digest, where no PCR values came along', async () => {
    const event = tcg12Event(4, new Uint8Array(20).fill(1))
    const value = sha1(concat(new Uint8Array(20), new Uint8Array(20).fill(1)))
    const quote = async (pcrDigest: Uint8Array, indexes: readonly number[] = [4]) => [
      ...without(
        await attestTpm({ fields: { selections: [{ hash: 'sha1', pcrs: indexes }], pcrDigest } }),
        'pcrs.json',
      ),
      { name: 'log', bytes: event },
    ]
    expect(await codesOf(await quote(sha256(value)))).toEqual([])
    expect(await codesOf(await quote(ZERO_PCR_DIGEST))).toEqual(['EVENT_LOG_FALSE'])
    // A log that does not speak of every PCR in the digest contradicts nothing.
    expect(await codesOf(await quote(ZERO_PCR_DIGEST, [4, 9]))).toEqual([])
  })

  test('an event log that leads to other registers, of a real guest without TCB info', async (context) => {
    needs.samples(context)
    const { given, expected } = openSample('tdx/v4-gce-cos-event-log')
    const at = time(expected.verification_time)
    const files = without(given, 'tcb_info.json')
    expect(await judge(files, at)).toBe(4)
    const other = withFile(files, 'ccel_data.bin', (bytes) => flipped(bytes, 65 + 14))
    expect(await allCodes(other, at)).toContain('EVENT_LOG_FALSE')
  })
})

/** SHA-256 of a PCR of SHA-1 that is zero. */
const ZERO_PCR_DIGEST = fromHex('de47c9b27eb8d300dbb5f2c353e632c393262cf06340c4fa7f1b40c4cbd36f90')
