import {
  appraise,
  bindsReportData,
  type EvidenceFile,
  encodeHcl,
  examine,
  inspect,
  parseEvidence,
  parseHcl,
} from '@vouch/evidence'
import { concat, type ErrorCode, shortReportData } from '@vouch/protocol'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import { describe, expect, test } from 'vitest'
import { parseRuntimeData } from '../../src/vendors/azure/runtime-data.js'
import { fileOf, flipped, jsonBytes, utf8, withFile } from '../../testing/files.js'
import {
  authenticated,
  codesOf,
  NOW,
  policyFor,
  policyJson,
  policyOf,
  report,
} from '../../testing/simulated.js'
import { attestAzure, azurePinsJson, pcrs, pcrsJson } from '../../testing/tpm.js'

const KIND = 'simulated-azure-snp'

async function claimsOf(files: readonly EvidenceFile[]) {
  const { authentic, failures } = await authenticated(files)
  if (authentic === undefined) throw new Error(failures.map(({ rule }) => rule).join(', '))
  return authentic.claims
}

test('a machine is authentic, and says what it was made to say', async () => {
  const claims = await claimsOf(await attestAzure())
  const short = shortReportData(report.reportData)
  expect(claims).toMatchObject({
    kind: KIND,
    slots: [
      { name: 'user-data', bytes: report.reportData, holds: 'report_data' },
      { name: 'extraData', bytes: short, holds: 'short_report_data' },
    ],
    hardware: { measurement: report.measurement, vmpl: 0, endorsement: 'vcek' },
    vmConfiguration: { 'secure-boot': true, 'tpm-enabled': true },
    quote: { scheme: 'rsassa', hash: 'sha256' },
  })
  expect(bindsReportData(claims, report.reportData)).toBe(true)
})

test('REPORT_DATA is bound in both places, or it is not', async () => {
  const other = report.reportData.with(0, 1)
  const inQuote = await attestAzure({ quote: { extraData: shortReportData(other) } })
  const inUserData = await attestAzure({ runtime: { 'user-data': '00'.repeat(64) } })
  const inNone = await attestAzure({ runtime: { 'user-data': undefined } })
  for (const files of [inQuote, inUserData, inNone])
    expect(bindsReportData(await claimsOf(files), report.reportData)).toBe(false)
})

test('the machine is named by its chip, whatever virtual TPM it has', async () => {
  const identity = async (chip: number) =>
    (await claimsOf(await attestAzure({ machine: { chipId: new Uint8Array(64).fill(chip) } })))
      .machineIdentity
  expect(await identity(1)).toEqual(await identity(1))
  expect(await identity(1)).not.toEqual(await identity(2))
})

test('settings that would write on a terminal are tamed', () => {
  const keys = [{ kid: 'HCLAkPub', kty: 'RSA', n: 'vw', e: 'AQAB' }]
  const settings = { 'a\u001b[2J': 'b\u001b[2J', deep: { er: '\n' }, on: true, one: 1 }
  const { vmConfiguration } = parseRuntimeData(jsonBytes({ keys, 'vm-configuration': settings }))
  expect(vmConfiguration).toEqual({ 'a?[2J': 'b?[2J', deep: '{"er":"\\n"}', on: true, one: 1 })
})

describe('each check alone', () => {
  const CASES: readonly [string, ErrorCode, () => Promise<readonly EvidenceFile[]>][] = [
    [
      'the runtime data are those of REPORT_DATA',
      'EVIDENCE_BINDING_FALSE',
      () => attestAzure({ snp: { reportData: new Uint8Array(64) } }),
    ],
    [
      'behind their hash are zeros',
      'EVIDENCE_BINDING_FALSE',
      async () => {
        const { hcl } = parseHcl(fileOf(await attestAzure(), 'hcl_report.bin').bytes)
        const bound = hcl.hardwareReport.slice(0x50, 0x90).with(63, 1)
        return attestAzure({ snp: { reportData: bound } })
      },
    ],
    [
      'they are hashed as the report says',
      'EVIDENCE_BINDING_FALSE',
      () => attestAzure({ hcl: { hash: 'sha384' } }),
    ],
    [
      'the quote is signed by the key in them',
      'EVIDENCE_SIGNATURE_FALSE',
      async () => withFile(await attestAzure(), 'quote_sig.bin', (bytes) => flipped(bytes, 0)),
    ],
    [
      'the PCR values are those of the quote',
      'EVIDENCE_BINDING_FALSE',
      () => attestAzure({ quote: { pcrDigest: new Uint8Array(32) } }),
    ],
    [
      'the processor’s report is signed',
      'EVIDENCE_SIGNATURE_FALSE',
      async () => withFile(await attestAzure(), 'hcl_report.bin', (bytes) => flipped(bytes, 0x20 + 0x2a0)),
    ],
    [
      'the certificates are there',
      'COLLATERAL_MISSING',
      async () => withFile(await attestAzure(), 'intermediate.der', () => undefined),
    ],
    [
      'behind the report are zeros',
      'EVIDENCE_TRAILING',
      async () =>
        withFile(await attestAzure(), 'hcl_report.bin', (bytes) => concat(bytes, Uint8Array.of(0, 9))),
    ],
  ]
  test.each(CASES)('%s', async (_, code, files) => {
    expect(await codesOf(await files())).toEqual([code])
  })

  test.each<[string, ErrorCode, (bytes: Uint8Array) => Uint8Array | undefined, string]>([
    ['the quote is there', 'EVIDENCE_MISSING', () => undefined, 'quote_msg.bin'],
    ['its signature is there', 'EVIDENCE_MISSING', () => undefined, 'quote_sig.bin'],
    ['the version is known', 'VERSION_UNKNOWN', (bytes) => bytes.with(4, 3), 'hcl_report.bin'],
    ['it is an answer', 'NOT_CANONICAL', (bytes) => bytes.with(0x10, 1), 'hcl_report.bin'],
    ['reserved bytes are zero', 'NOT_CANONICAL', (bytes) => bytes.with(0x14, 1), 'hcl_report.bin'],
    ['sizes fit', 'NOT_CANONICAL', (bytes) => flipped(bytes, 0x08), 'hcl_report.bin'],
    ['sizes of its data fit', 'NOT_CANONICAL', (bytes) => flipped(bytes, 0x4c0), 'hcl_report.bin'],
    ['its processor is known', 'ALGORITHM_UNKNOWN', (bytes) => bytes.with(0x4c8, 3), 'hcl_report.bin'],
    ['its hash is known', 'ALGORITHM_UNKNOWN', (bytes) => bytes.with(0x4cc, 4), 'hcl_report.bin'],
    ['its data are all there', 'TRUNCATED', (bytes) => bytes.subarray(0, -1), 'hcl_report.bin'],
    ['its header is all there', 'TRUNCATED', (bytes) => bytes.subarray(0, 0x100), 'hcl_report.bin'],
    [
      'it is not larger than its index',
      'TOO_LARGE',
      (bytes) => concat(bytes, new Uint8Array(16_384)),
      'hcl_report.bin',
    ],
  ])('%s', async (_, code, change, name) => {
    const files = withFile(await attestAzure(), name, change)
    await expect(parseEvidence(files)).rejects.toMatchObject({ code })
  })
})

describe('a bare signature', () => {
  const signed = async (change: (bytes: Uint8Array) => Uint8Array, ...others: readonly EvidenceFile[]) => [
    ...withFile(await attestAzure(), 'quote_sig.bin', change),
    ...others,
  ]
  const noise = (length: number): EvidenceFile => ({
    name: 'noise',
    bytes: Uint8Array.from({ length }, (_, i) => (i * 151 + 200) % 256),
  })

  test('may have zeros behind it, and nothing else', async () => {
    const zeros = await authenticated(await signed((bytes) => concat(bytes, new Uint8Array(3))))
    expect([zeros.failures, zeros.notChecked]).toEqual([
      [],
      expect.arrayContaining(['3 zero bytes behind the signature: padding']),
    ])
    expect(await codesOf(await signed((bytes) => concat(bytes, Uint8Array.of(9))))).toEqual([
      'EVIDENCE_TRAILING',
    ])
  })

  test('is as long as its key: another file of some length is ignored', async () => {
    for (const length of [257, 300, 384, 512]) {
      const files = await signed((bytes) => bytes, noise(length))
      expect([length, (await parseEvidence(files)).ignored, await codesOf(files)]).toEqual([
        length,
        ['noise'],
        [],
      ])
    }
    const text = { name: 'text', bytes: utf8('a text of so many letters'.padEnd(256, '!')) }
    expect((await parseEvidence(await signed((bytes) => bytes, text))).ignored).toEqual(['text'])
  })
})

describe('a copy of what is inside', () => {
  const copies = async () => {
    const files = await attestAzure()
    const { hcl } = parseHcl(fileOf(files, 'hcl_report.bin').bytes)
    return { files, report: hcl.hardwareReport, runtime: hcl.runtimeData }
  }

  test('changes nothing', async () => {
    const { files, report, runtime } = await copies()
    const beside = [
      { name: 'report.bin', bytes: report },
      { name: 'runtime.json', bytes: runtime },
    ]
    expect(await codesOf([...files, ...beside])).toEqual([])
  })

  test('with one bit flipped, whichever it is, is a copy that differs', async () => {
    const { files, report, runtime } = await copies()
    for (const [name, bytes] of Object.entries({ report, runtime })) {
      for (let bit = 0; bit < 8 * bytes.length; bit += bit < 8 * 64 ? 1 : 97) {
        const damaged = bytes.with(bit >> 3, (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7)))
        const { unreadable } = await examine([...files, { name, bytes: damaged }], NOW)
        expect([name, bit, unreadable.length]).not.toEqual([name, bit, 0])
      }
    }
  })

  test('of the HCL report may have another number of zeros behind it', async () => {
    const { files } = await copies()
    const { bytes } = fileOf(files, 'hcl_report.bin')
    const padded = (zeros: number, last = 0) => ({
      name: `${zeros}`,
      bytes: concat(bytes, new Uint8Array(zeros).fill(last, -1)),
    })
    expect(await codesOf([...files, padded(5), padded(9)])).toEqual([])
    expect((await authenticated([padded(9), ...files])).notChecked).toContain(
      '9 zero bytes behind the HCL report: padding',
    )
    await expect(parseEvidence([...files, padded(5, 1)])).rejects.toMatchObject({
      code: 'EVIDENCE_AMBIGUOUS',
    })
  })

  test.each(['report', 'runtime'] as const)('that differs is refused: %s', async (name) => {
    const given = await copies()
    const beside = { name, bytes: flipped(given[name], 200) }
    await expect(parseEvidence([...given.files, beside])).rejects.toMatchObject({
      code: 'EVIDENCE_BINDING_FALSE',
    })
  })
})

describe('runtime data', () => {
  const key = { kid: 'HCLAkPub', kty: 'RSA', n: 'vw', e: 'AQAB' }
  const settings = { 'vm-configuration': {} }
  test.each<[string, ErrorCode, unknown]>([
    ['that are a list', 'VALUE_MALFORMED', []],
    ['without keys', 'VALUE_MALFORMED', settings],
    ['without the attestation key', 'MEMBER_MISSING', { keys: [{ ...key, kid: 'HCLEkPub' }], ...settings }],
    ['with two of them', 'MEMBER_MISSING', { keys: [key, key], ...settings }],
    ['with a key of another type', 'ALGORITHM_UNKNOWN', { keys: [{ ...key, kty: 'EC' }], ...settings }],
    ['with a number that is none', 'VALUE_MALFORMED', { keys: [{ ...key, n: 'v+' }], ...settings }],
    ['without settings', 'VALUE_MALFORMED', { keys: [key] }],
    ['with short user data', 'VALUE_MALFORMED', { keys: [key], ...settings, 'user-data': '00' }],
  ])('%s are refused', (_, code, json) => {
    expect(refusalOf(() => parseRuntimeData(jsonBytes(json))).code).toBe(code)
  })
})

test('a TD report in a HCL report is written again as it was read', async () => {
  const { hcl } = parseHcl(fileOf(await attestAzure(), 'hcl_report.bin').bytes)
  const tdx = { ...hcl, hardware: 'tdx', hardwareReport: new Uint8Array(1024).fill(7) } as const
  expect(parseHcl(encodeHcl(tdx))).toEqual({ hcl: tdx, trailing: new Uint8Array() })
  const shorter = encodeHcl(tdx).with(0x20 + 1024, 1)
  expect(refusalOf(() => parseHcl(shorter)).code).toBe('NOT_CANONICAL')
})

describe('a policy for Azure', () => {
  const failing = async (changes: object, files?: readonly EvidenceFile[]) => {
    const { authentic } = await authenticated(files ?? (await attestAzure()))
    if (authentic === undefined) throw new Error('it must be authentic')
    const policy = policyOf(policyFor(KIND, { ...azurePinsJson, ...changes }))
    return appraise(authentic, policy, NOW, { nonce: null }).failures.map(({ code, field }) => [code, field])
  }

  test('accepts what it pins', async () => {
    expect(await failing({})).toEqual([])
  })

  test('refuses another layer below the guest, and another guest', async () => {
    expect(await failing({ measurements: ['00'.repeat(48)] })).toEqual([
      ['MEASUREMENT_NOT_ACCEPTED', 'measurements'],
    ])
    const other = pcrsJson(new Map([...pcrs, [11, new Uint8Array(32)]]))
    expect(await failing({ pcrs: other })).toEqual([['MEASUREMENT_NOT_ACCEPTED', 'pcrs.11']])
  })

  test('refuses a report that the guest could have asked for itself', async () => {
    expect(await failing({}, await attestAzure({ snp: { vmpl: 2 } }))).toEqual([
      ['VMPL_NOT_ACCEPTED', 'vmpl'],
    ])
  })

  test('for reports by themselves takes none of its machines', async () => {
    const { authentic } = await authenticated(await attestAzure())
    if (authentic === undefined) throw new Error('it must be authentic')
    const codes = appraise(authentic, policyOf(policyJson), NOW, { nonce: null }).failures.map(
      ({ code }) => code,
    )
    expect(codes).toEqual(['SIMULATED_NOT_ACCEPTED'])
  })

  test.each<[string, ErrorCode, object]>([
    ['without PCRs', 'MEMBER_MISSING', { pcrs: undefined }],
    ['without the boot loader’s', 'POLICY_UNSOUND', { pcrs: pcrsJson(new Map([...pcrs].slice(0, 2))) }],
    ['that claims kernel hashes instead', 'VALUE_OUT_OF_RANGE', { boot: 'kernel_hashes' }],
    ['without measurements', 'TOO_LARGE', { measurements: [] }],
    ['of a root that nobody pinned', 'POLICY_UNSOUND', { roots: ['00'.repeat(32)] }],
    ['that picks a VMPL', 'MEMBER_UNKNOWN', { vmpl: [0] }],
  ])('%s does not load', (_, code, changes) => {
    expect(refusalOf(() => policyOf(policyFor(KIND, { ...azurePinsJson, ...changes }))).code).toBe(code)
  })
})

describe('without a policy', () => {
  test.each<[string, ErrorCode, object]>([
    ['a debuggable guest', 'DEBUG_NOT_ACCEPTED', { snp: { debug: true } }],
    ['a report at another VMPL', 'VMPL_NOT_ACCEPTED', { snp: { vmpl: 1 } }],
  ])('%s is refused', async (_, code, changes) => {
    const { authentic } = await authenticated(await attestAzure(changes))
    if (authentic === undefined) throw new Error('it must be authentic')
    expect(inspect(authentic, { nonce: null }).failures.map(({ code }) => code)).toEqual([
      'SIMULATED_NOT_ACCEPTED',
      code,
    ])
  })
})

test('a file with nothing about it but its length is passed over where no signature is wanted', async () => {
  const { hcl } = parseHcl(fileOf(await attestAzure(), 'hcl_report.bin').bytes)
  const files = [
    ...(await attestAzure()).filter(({ name }) => name.endsWith('.der')),
    { name: 'report.bin', bytes: hcl.hardwareReport },
    { name: 'noise.bin', bytes: new Uint8Array(256).fill(0xee) },
  ]
  const { evidence, ignored } = await parseEvidence(files)
  expect([evidence.format, ignored]).toEqual(['snp', ['noise.bin']])
})
