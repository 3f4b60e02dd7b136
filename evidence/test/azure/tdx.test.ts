import { sha384 } from '@noble/hashes/sha2.js'
import {
  appraise,
  bindsReportData,
  type EvidenceFile,
  inspect,
  parseEvidence,
  parseHcl,
  type TdReport,
} from '@vouch/evidence'
import { Checks, concat, type ErrorCode, shortReportData } from '@vouch/protocol'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import { describe, expect, test } from 'vitest'
import { checkTdReport, encodeTdReportStruct } from '../../src/vendors/dcap/td-report.js'
import { fileOf, flipped, withFile } from '../../testing/files.js'
import {
  attestAzureTdx,
  azureTdxPinsJson,
  guest15,
  platform,
  quoteEnclave,
  reportData,
  tdxPinsJson,
} from '../../testing/intel.js'
import { allCodes } from '../../testing/quotes.js'
import { attest, authenticated, NOW, policyFor, policyOf } from '../../testing/simulated.js'
import { attestAzure, pcrs, pcrsJson } from '../../testing/tpm.js'

const KIND = 'simulated-azure-tdx'
/** Where the TD report begins in the HCL report. */
const HARDWARE = 0x20

async function authentic(files: readonly EvidenceFile[]) {
  const { authentic, failures } = await authenticated(files)
  if (authentic === undefined) throw new Error(failures.map(({ rule }) => rule).join(', '))
  return authentic
}

test('a machine is authentic, and says what it was made to say', async () => {
  const { claims } = await authentic(await attestAzureTdx())
  expect(claims).toMatchObject({
    kind: KIND,
    slots: [
      { name: 'user-data', bytes: reportData, holds: 'report_data' },
      { name: 'extraData', bytes: shortReportData(reportData), holds: 'short_report_data' },
    ],
    hardware: { tcb: { status: 'UpToDate' }, tdAttributes: { debug: false } },
    quote: { scheme: 'rsassa', hash: 'sha256' },
  })
  expect(bindsReportData(claims, reportData)).toBe(true)
})

test('REPORT_DATA is bound in both places, or it is not', async () => {
  const inQuote = await attestAzureTdx({ quote: { extraData: shortReportData(reportData.with(0, 9)) } })
  const inUserData = await attestAzureTdx({ runtime: { 'user-data': '00'.repeat(64) } })
  for (const files of [inQuote, inUserData])
    expect(bindsReportData((await authentic(files)).claims, reportData)).toBe(false)
})

test('the machine is named by its platform', async () => {
  const identity = async (ppid: number) =>
    (await authentic(await attestAzureTdx({ platform: { ppid: new Uint8Array(16).fill(ppid) } }))).claims
      .machineIdentity
  expect(await identity(1)).toEqual(await identity(1))
  expect(await identity(1)).not.toEqual(await identity(2))
})

describe('the TD report', () => {
  test.each<[string, number]>([
    ['REPORTDATA', 128],
    ['TEE_TCB_SVN', 264],
    ['MRSEAM', 280],
    ['MRSIGNERSEAM', 328],
    ['SEAMATTRIBUTES', 376],
    ['TDATTRIBUTES', 512],
    ['XFAM', 520],
    ['MRTD', 528],
    ['MRCONFIGID', 576],
    ['MROWNER', 624],
    ['MROWNERCONFIG', 672],
    ['RTMR0', 720],
    ['RTMR1', 768],
    ['RTMR2', 816],
    ['RTMR3', 864],
  ])('of another %s than the quote’s is refused', async (_, offset) => {
    const { hcl } = parseHcl(fileOf(await attestAzureTdx(), 'hcl_report.bin').bytes)
    // With hashes that are right again, so that nothing else is wrong with it.
    const other = hashed(flipped(hcl.hardwareReport, offset))
    const files = withFile(await attestAzureTdx(), 'hcl_report.bin', (bytes) => {
      const changed = bytes.slice()
      changed.set(other, HARDWARE)
      return changed
    })
    const { failures } = await authenticated(files)
    expect(failures.map(({ code, rule }) => [code, rule])).toContainEqual([
      'EVIDENCE_BINDING_FALSE',
      'the TD report must say what the quote says',
    ])
  })

  test.each([
    ['TEE_TCB_INFO_HASH', 32],
    ['TEE_INFO_HASH', 80],
  ])('with a %s that is of something else is refused', async (_, offset) => {
    const files = withFile(await attestAzureTdx(), 'hcl_report.bin', (bytes) =>
      flipped(bytes, HARDWARE + offset),
    )
    expect(await allCodes(files)).toEqual(['EVIDENCE_BINDING_FALSE'])
  })

  test('of TDX 1.5 has two more fields to agree in', () => {
    const agrees = (report: TdReport): boolean => {
      const checks = new Checks()
      checkTdReport(checks, encodeTdReportStruct(guest15), report)
      return checks.failures.length === 0
    }
    const { current } = guest15
    if (current === undefined) throw new Error('it must be of TDX 1.5')
    expect(agrees(guest15)).toBe(true)
    expect(agrees({ ...guest15, current: { ...current, teeTcbSvn2: new Uint8Array(16).fill(9) } })).toBe(
      false,
    )
    expect(agrees({ ...guest15, current: { ...current, mrServiceTd: new Uint8Array(48).fill(9) } })).toBe(
      false,
    )
  })

  test.each<[string, ErrorCode, number]>([
    ['of another type', 'ALGORITHM_UNKNOWN', 0],
    ['with something in a reserved field', 'NOT_CANONICAL', 3],
    ['with something between its parts', 'NOT_CANONICAL', 500],
    ['with something behind its fields', 'NOT_CANONICAL', 1023],
  ])('%s is undecidable', async (_, code, offset) => {
    const files = withFile(await attestAzureTdx(), 'hcl_report.bin', (bytes) =>
      flipped(bytes, HARDWARE + offset),
    )
    expect(await allCodes(files)).toEqual([code])
  })
})

/** A TD report with the hashes of its parts. */
function hashed(report: Uint8Array): Uint8Array {
  const bytes = report.slice()
  bytes.set(sha384(bytes.subarray(256, 495)), 32)
  bytes.set(sha384(bytes.subarray(512)), 80)
  return bytes
}

describe('each check alone', () => {
  const CASES: readonly [string, ErrorCode, () => Promise<readonly EvidenceFile[]>][] = [
    [
      'the runtime data are those of REPORT_DATA',
      'EVIDENCE_BINDING_FALSE',
      () => attestAzureTdx({ guest: { reportData: new Uint8Array(64) } }),
    ],
    [
      'the virtual TPM’s quote is signed by the key in them',
      'EVIDENCE_SIGNATURE_FALSE',
      async () => withFile(await attestAzureTdx(), 'quote_sig.bin', (bytes) => flipped(bytes, 0)),
    ],
    [
      'the PCR values are those of that quote',
      'EVIDENCE_BINDING_FALSE',
      () => attestAzureTdx({ quote: { pcrDigest: new Uint8Array(32) } }),
    ],
    [
      'the processor’s quote is there',
      'EVIDENCE_MISSING',
      async () => withFile(await attestAzureTdx(), 'quote.bin', () => undefined),
    ],
    [
      'its collateral is there',
      'COLLATERAL_MISSING',
      async () => withFile(await attestAzureTdx(), 'tcb_info.json', () => undefined),
    ],
    [
      'its collateral is in force',
      'COLLATERAL_EXPIRED',
      () => attestAzureTdx({ collateral: { issued: NOW - 9, nextUpdate: NOW - 1 } }),
    ],
    [
      'behind the HCL report are zeros',
      'EVIDENCE_TRAILING',
      async () =>
        withFile(await attestAzureTdx(), 'hcl_report.bin', (bytes) => concat(bytes, Uint8Array.of(0, 9))),
    ],
    [
      'there is no SNP report beside',
      'EVIDENCE_AMBIGUOUS',
      async () => [...(await attestAzureTdx()), fileOf(await attest(), 'report.bin')],
    ],
  ]
  test.each(CASES)('%s', async (_, code, files) => {
    expect(new Set(await allCodes(await files()))).toEqual(new Set([code]))
  })

  test('the quote is of TDX', async () => {
    const enclave = fileOf(await quoteEnclave(), 'quote.bin')
    const files = withFile(await attestAzureTdx(), 'quote.bin', () => enclave.bytes)
    expect(await allCodes(files)).toContain('EVIDENCE_BINDING_FALSE')
  })

  test('there is no quote of TDX beside a machine on SNP', async () => {
    const quote = fileOf(await attestAzureTdx(), 'quote.bin')
    const files = [...(await attestAzure()), quote]
    await expect(parseEvidence(files)).rejects.toMatchObject({ code: 'EVIDENCE_AMBIGUOUS' })
  })
})

describe('a policy for Azure on TDX', () => {
  const failing = async (changes: object, files?: readonly EvidenceFile[]) => {
    const evidence = await authentic(files ?? (await attestAzureTdx()))
    const policy = policyOf(policyFor(KIND, { ...azureTdxPinsJson, ...changes }))
    return appraise(evidence, policy, NOW, { nonce: null }).failures.map(({ code, field }) => [code, field])
  }

  test('accepts what it pins', async () => {
    expect(await failing({})).toEqual([])
  })

  test('refuses another layer below the guest, and another guest', async () => {
    const other = await attestAzureTdx({ guest: { mrTd: new Uint8Array(48) } })
    expect(await failing({}, other)).toEqual([['MEASUREMENT_NOT_ACCEPTED', 'measurements']])
    const others = pcrsJson(new Map([...pcrs, [11, new Uint8Array(32)]]))
    expect(await failing({ pcrs: others })).toEqual([['MEASUREMENT_NOT_ACCEPTED', 'pcrs.11']])
  })

  test('refuses a layer under debug', async () => {
    const debug = Uint8Array.of(1, 0, 0, 0x10, 0, 0, 0, 0)
    const files = await attestAzureTdx({ guest: { tdAttributes: debug } })
    expect(await failing({}, files)).toEqual([['DEBUG_NOT_ACCEPTED', 'td_attributes.debug']])
    expect(inspect(await authentic(files), { nonce: null }).failures.map(({ code }) => code)).toContain(
      'DEBUG_NOT_ACCEPTED',
    )
  })

  test('refuses a platform that is out of date', async () => {
    const files = await attestAzureTdx({ platform: { certificate: { ppid: platform.ppid, pceSvn: 5 } } })
    expect(await failing({}, files)).toEqual([['TCB_STATUS_NOT_ACCEPTED', 'tcb.statuses']])
  })

  test('for guests by themselves takes none of its machines', async () => {
    const policy = policyOf(policyFor('simulated-tdx', tdxPinsJson))
    const codes = appraise(await authentic(await attestAzureTdx()), policy, NOW, { nonce: null }).failures
    expect(codes.map(({ code }) => code)).toEqual(['SIMULATED_NOT_ACCEPTED'])
  })

  test.each<[string, ErrorCode, object]>([
    ['without PCRs', 'MEMBER_MISSING', { pcrs: undefined }],
    ['without the boot loader’s', 'POLICY_UNSOUND', { pcrs: pcrsJson(new Map([...pcrs].slice(0, 2))) }],
    ['without measurements', 'TOO_LARGE', { measurements: [] }],
    ['of a root that nobody pinned', 'POLICY_UNSOUND', { roots: ['00'.repeat(32)] }],
  ])('%s does not load', (_, code, changes) => {
    expect(refusalOf(() => policyOf(policyFor(KIND, { ...azureTdxPinsJson, ...changes }))).code).toBe(code)
  })
})
