import { type EvidenceFile, explainFile, parseHcl, parseReport } from '@vouch/evidence'
import { toHex, VouchError } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { openSimulatedNitro } from '../../fixtures/simulated-nitro/index.js'
import { openSimulatedNvidia } from '../../fixtures/simulated-nvidia/index.js'
import { needs } from '../../test/support/needs.js'
import { fileOf } from '../testing/files.js'
import { quoteGuest } from '../testing/intel.js'
import { openSample, samplesIn } from '../testing/samples.js'
import { attest, NOW, report, vendor } from '../testing/simulated.js'
import { attestAzure, attestTpm, tcg12Event } from '../testing/tpm.js'
import { areaFile } from '../testing/tpm-structures.js'

const FOLDERS = ['azure-vtpm', 'composite', 'nitro', 'nvidia-gpu', 'sgx', 'snp', 'tdx', 'tpm']

/** Fields by name; where several have one name, the first. */
function fieldsOf(
  file: EvidenceFile,
): ReadonlyMap<string, { readonly value: string; readonly meaning?: string }> {
  const [explained] = explainFile(file)
  return new Map(explained?.fields.toReversed().map((field) => [field.name, field]))
}

/** Every byte that a field claims is the one that stands there. */
function expectInPlace(file: EvidenceFile): void {
  for (const { fields } of explainFile(file))
    for (const { name, offset, size, value } of fields)
      if (offset !== undefined && size !== undefined)
        expect([name, value]).toEqual([name, toHex(file.bytes.subarray(offset, offset + size))])
}

describe('what is explained', () => {
  test('of a report has the vendor’s names, places, and meanings', async () => {
    const file = fileOf(
      await attest({ report: { debug: true, fields: { cpuid: [0x19, 1, 1] } } }),
      'report.bin',
    )
    const [explained] = explainFile(file)
    expect(explained?.what).toBe('SEV-SNP: ATTESTATION_REPORT')
    expect(explained?.fields).toContainEqual({
      name: 'REPORTED_TCB',
      offset: 0x180,
      size: 8,
      value: toHex(parseReport(file.bytes).reportedTcb),
      meaning: 'bootloader 4, tee 0, snp 24, microcode 220',
    })
    const fields = fieldsOf(file)
    expect(fields.get('POLICY')?.meaning).toBe('SMT allowed, DEBUG allowed')
    expect(fields.get('KEY_INFO')?.meaning).toBe('signed by a VCEK')
    expect(fields.get('MEASUREMENT')).toMatchObject({ value: toHex(report.measurement) })
    expect(fields.get('CPUID_FAM_ID')?.meaning).toBe('milan')
    expectInPlace(file)
  })

  test('of a document has its members', async () => {
    const image = [48, 1, 2].map((fill) => new Uint8Array(48).fill(fill)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]
    const userData = new TextEncoder().encode('hello')
    const [file] = await openSimulatedNitro().attest({ image, at: NOW, userData })
    if (file === undefined) throw new Error('there must be a document')
    const fields = fieldsOf(file)
    expect(fields.get('user_data')?.meaning).toBe('"hello"')
    expect(fields.get('nonce')?.meaning).toBe('absent')
    expect(fields.get('pcrs[0]')?.value).toBe('30'.repeat(48))
    expectInPlace(file)
  })

  test('of a quote has what the TPM saw', async () => {
    const files = await attestTpm()
    const quote = fieldsOf(fileOf(files, 'quote_msg.bin'))
    expect(quote.get('type')?.meaning).toBe('TPM_ST_ATTEST_QUOTE')
    expect(quote.get('pcrSelections.hash')?.meaning).toBe('sha256')
    expect(quote.get('pcrSelections.pcrSelect')?.meaning).toBe('PCRs 0, 2, 4, 7, 11')
    expect(fieldsOf(fileOf(files, 'quote_sig.bin')).get('sigAlg')?.meaning).toBe('ecdsa')
    for (const file of files) expectInPlace(file)
    for (const file of await attestAzure()) expectInPlace(file)
  })

  test('of certificates and lists is what they are for, and until when', async () => {
    const files = await attest()
    expect(fieldsOf(fileOf(files, 'root.der')).get('subjectPublicKeyInfo, SHA-256')?.meaning).toBe(
      'the pinned root simulated vendor',
    )
    expect(fieldsOf(fileOf(files, 'vcek.der')).get('TCB')?.value).toContain('microcode 220')
    const list = await vendor.revoke('root', {
      thisUpdate: NOW,
      nextUpdate: NOW + 1,
      revoked: [Uint8Array.of(7)],
    })
    const fields = fieldsOf(list)
    expect(fields.get('issuer')?.value).toBe('SIMULATED-ARK')
    expect(fields.get('revokedCertificates[0]')?.value).toBe('07')
  })

  test('of what evidence is judged by has the vendor’s names too', async () => {
    const collateral = await quoteGuest()
    const info = fieldsOf(fileOf(collateral, 'tcb_info.json'))
    expect(info.get('id')?.value).toBe('TDX')
    expect(info.get('tcbLevels[0]')?.meaning).toMatch(/^UpToDate since \d{4}-\d\d-\d\d/)
    expect(fieldsOf(fileOf(collateral, 'qe_identity.json')).get('id')?.value).toBe('TD_QE')
    const files = await attestTpm()
    expect(fieldsOf(fileOf(files, 'pcrs.json')).get('sha256:4')?.value).toBe('b4'.repeat(32))
    expect(fieldsOf(areaFile()).get('objectAttributes')?.meaning).toBe(
      'fixedTPM, fixedParent, sensitiveDataOrigin, restricted, sign',
    )
    const { hcl } = parseHcl(fileOf(await attestAzure(), 'hcl_report.bin').bytes)
    const runtime = fieldsOf({ name: 'runtime', bytes: hcl.runtimeData })
    expect(runtime.get('vm-configuration.secure-boot')?.value).toBe('true')
    const log = { name: 'log', bytes: tcg12Event(4, new Uint8Array(20).fill(7)) }
    expect(fieldsOf(log).get('event 0: register 4')).toMatchObject({
      value: '07'.repeat(20),
      meaning: 'sha1, type 0x8, 3 bytes of data',
    })
  })

  test('of what is nothing known is that', () => {
    expect(explainFile({ name: 'notes', bytes: new TextEncoder().encode('hello') })).toEqual([
      { file: 'notes', what: 'nothing that is known here', fields: [] },
    ])
  })

  test('is nothing of a report that cannot be read', async () => {
    const file = fileOf(await attest(), 'report.bin')
    expect(() => explainFile({ ...file, bytes: file.bytes.with(0x4c, 1) })).toThrow(VouchError)
  })
})

test('a device’s message is explained to its last byte', async () => {
  const [file] = await openSimulatedNvidia().attest({ nonce: new Uint8Array(32).fill(5) })
  if (file === undefined) throw new Error('there must be a message')
  expectInPlace(file)
  const [explained] = explainFile(file)
  const last = explained?.fields.at(-1)
  expect([last?.name, (last?.offset ?? 0) + (last?.size ?? 0)]).toEqual(['Signature', file.bytes.length])
})

test('every sample is explained', (context) => {
  needs.samples(context)
  for (const folder of FOLDERS)
    for (const name of samplesIn(folder))
      for (const file of openSample(`${folder}/${name}`).given) {
        expectInPlace(file)
        const explained = explainFile(file)
        const isKnown = explained.every(({ what }) => !/^nothing|signature$|public key|PUBLIC/.test(what))
        if (isKnown)
          expect([file.name, explained.some(({ fields }) => fields.length === 0)]).toEqual([file.name, false])
      }
})
