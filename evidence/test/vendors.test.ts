import { examine, KINDS, parseAdmissionPolicy } from '@vouch/evidence'
import { toHex, VouchError } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { parsePolicyIn, policyIdIn, printPolicyIn, warningsIn } from '../src/read/admission.js'
import { appraiseIn, bindsReportData, inspectIn } from '../src/read/appraise.js'
import { authenticateIn, examineIn, parseEvidenceIn } from '../src/read/authenticate.js'
import { explainIn } from '../src/read/explain.js'
import { isPublishedIn, publishedIn, purportedIn } from '../src/read/formats.js'
import { policyTemplateOf } from '../src/tables/policy-template.js'
import { TABLES, tablesOf } from '../src/tables/tables.js'
import { VENDORS } from '../src/tables/vendors.js'
import { flipped, utf8, withFile } from '../testing/files.js'
import { lampVendor, newLamp } from '../testing/lamp.js'
import { attest, NOW, policyJson, rootsOf } from '../testing/simulated.js'

// A vendor is one record: with it in the list, everything knows the vendor, and without it, nothing does.

const lamp = await newLamp(NOW)
const record = lampVendor([lamp.anchor])
const tables = tablesOf([...VENDORS, record])
const reportData = Uint8Array.from({ length: 64 }, (_, i) => i)
const colour = new Uint8Array(32).fill(0xca)
const files = await lamp.attest(reportData, colour)

async function authentic() {
  const { authentic, failures, unreadable } = await examineIn(tables, files, NOW, [])
  if (authentic === undefined) throw new Error(JSON.stringify([failures, unreadable]))
  return authentic
}

const policyOf = (pins: unknown) =>
  parsePolicyIn(tables, JSON.stringify({ ...policyJson, evidence: { lamp: pins } }))
const pinsOf = (...colours: Uint8Array[]) => ({
  roots: [toHex(lamp.anchor.spki)],
  colours: colours.map(toHex),
})
const codeOf = (doing: () => unknown): unknown => {
  try {
    return doing()
  } catch (error) {
    return error instanceof VouchError ? error.code : error
  }
}

describe('a ninth vendor', () => {
  test('is nothing known without its record', async () => {
    const { evidence, unreadable } = await examine(files, NOW)
    expect(evidence).toBeUndefined()
    expect(unreadable.map(({ code }) => code)).toEqual(['EVIDENCE_MISSING'])
  })

  test('is read, authenticated and inspected', async () => {
    const { evidence, ignored } = await parseEvidenceIn(tables, [...files].reverse(), [])
    expect(ignored).toEqual([])
    expect(purportedIn(tables, evidence)).toBe('lamp')
    const { authentic: genuine, checks } = await authenticateIn(tables, evidence, NOW)
    expect(genuine?.claims).toMatchObject({ kind: 'lamp', root: lamp.anchor, colour })
    expect(checks.map(({ rule }) => rule)).toContain('a lamp must sign what it says')
    const given = await authentic()
    expect(inspectIn(tables, given, { nonce: reportData }).failures).toEqual([])
    expect(bindsReportData(given.claims, reportData)).toBe(true)
    expect(bindsReportData(given.claims, reportData.toReversed())).toBe(false)
  })

  test('is false when what it signed is another, or its root is not the one', async () => {
    const changed = withFile(files, 'lamp.bin', (bytes) => flipped(bytes, 10))
    const codes = async (given: typeof files) =>
      (await examineIn(tables, given, NOW, [])).failures.map(({ code }) => code)
    expect(await codes(changed)).toEqual(['EVIDENCE_SIGNATURE_FALSE'])
    expect(await codes(await (await newLamp(NOW)).attest(reportData, colour))).toEqual(['CHAIN_FALSE'])
  })

  test('is ambiguous beside evidence of another vendor', async () => {
    const { unreadable } = await examineIn(tables, [...files, ...(await attest())], NOW, [])
    expect(unreadable.map(({ code }) => code)).toEqual(['EVIDENCE_AMBIGUOUS'])
  })

  test('is pinned by a policy, and appraised', async () => {
    const policy = policyOf(pinsOf(colour))
    expect(parsePolicyIn(tables, printPolicyIn(tables, policy))).toEqual(policy)
    expect(policyIdIn(tables, policy)).not.toBe(policyIdIn(tables, policyOf(pinsOf(reportData.subarray(32)))))
    expect(warningsIn(tables, policy)).toContain('lamp: lamps hide nothing')
    const judge = async (pins: unknown) =>
      appraiseIn(tables, await authentic(), policyOf(pins), NOW, { nonce: null }).failures
    expect(await judge(pinsOf(colour))).toEqual([])
    expect(await judge(pinsOf(reportData.subarray(32)))).toMatchObject([
      { code: 'MEASUREMENT_NOT_ACCEPTED', field: 'colours', given: toHex(colour) },
    ])
    expect(codeOf(() => policyOf(pinsOf()))).toBe('POLICY_UNSOUND')
    const json = JSON.stringify({ ...policyJson, evidence: { lamp: pinsOf(colour) } })
    expect(codeOf(() => parseAdmissionPolicy(json))).toBe('MEMBER_UNKNOWN')
  })

  test('is explained, certificates of its own included', () => {
    const [report, leaf] = files.flatMap((file) => explainIn(tables, file))
    expect(report?.what).toBe('lamp: what it says of itself')
    expect(report?.fields.map(({ name }) => name)).toEqual(['magic', 'report_data', 'colour', 'signature'])
    expect(leaf?.fields).toContainEqual({ name: 'watts', value: '40' })
  })

  test('has a template of its policies, and what its services publish', async () => {
    expect(policyTemplateOf(tables, 'lamp')).toContain(`- ${toHex(lamp.anchor.spki)} # lamps`)
    const { evidence } = await parseEvidenceIn(tables, files, [])
    expect(publishedIn(tables, evidence)).toMatchObject([[{ form: 'catalogue' }]])
    expect(isPublishedIn(tables, 'catalogue', utf8('ALL LAMPS'))).toBe(true)
    expect(isPublishedIn(tables, 'catalogue', utf8('no such page'))).toBe(false)
    expect(isPublishedIn(TABLES, 'catalogue', utf8('ALL LAMPS'))).toBe(false)
    expect(tables.services.get('lamps')).toBe('https://lamps.example')
  })

  test('changes nothing for the others', async () => {
    const policy = parsePolicyIn(tables, JSON.stringify(policyJson))
    expect(policyIdIn(tables, policy)).toBe(policyIdIn(TABLES, policy))
    const { authentic: simulated } = await examineIn(tables, await attest(), NOW, [])
    expect(simulated?.claims).toEqual((await examine(await attest(), NOW)).authentic?.claims)
  })
})

describe('the list of vendors', () => {
  test('has the numbers of kinds that stand in the bytes of policies', () => {
    const numbers = Object.entries(KINDS).map(([name, { number }]) => `${number} ${name}`)
    expect(numbers).toEqual([
      '1 sev-snp',
      '2 simulated-snp',
      '3 tdx',
      '4 simulated-tdx',
      '5 sgx',
      '6 simulated-sgx',
      '7 aws-nitro',
      '8 simulated-nitro',
      '9 nvidia-gpu',
      '10 simulated-nvidia',
      '11 tpm',
      '12 simulated-tpm',
      '13 azure-snp',
      '14 simulated-azure-snp',
      '15 azure-tdx',
      '16 simulated-azure-tdx',
    ])
  })

  test('has a root for every kind, and a part by every name that a format mentions', () => {
    for (const kind of TABLES.kinds.keys()) expect(rootsOf(kind as keyof typeof KINDS)).not.toEqual([])
    const mentioned = [...TABLES.formats.values()].flatMap(({ main, beside }) => [main, ...beside])
    for (const part of mentioned) expect([...TABLES.parts.keys()]).toContain(part)
  })

  test('compares a file with parts that have little about them after all others', () => {
    expect([...TABLES.parts.keys()]).toEqual([
      ...['snp-report', 'dcap-quote', 'tcb-info', 'qe-identity', 'nitro-document', 'spdm-message'],
      ...['hcl-report', 'runtime-data', 'tpm-attest', 'tpm-signature', 'tpm-public-area', 'public-key'],
      ...['pcr-values', 'event-log', 'tcg12-event-log', 'bare-signature'],
    ])
  })

  test.each([
    ['a number twice', { ...record, kinds: { lamp: { ...record.kinds.lamp, number: 16 } } }],
    ['a gap in the numbers', { ...record, kinds: { lamp: { ...record.kinds.lamp, number: 18 } } }],
    ['a part of another', { ...record, parts: { 'snp-report': { looksLike: () => true } } }],
  ])('must not have %s', (_, wrong) => {
    expect(codeOf(() => tablesOf([...VENDORS, wrong]))).toBe('INTERNAL')
  })
})
