import { readFileSync } from 'node:fs'
import { authenticate, type EvidenceFile, examine, parseCertificate, parseEvidence } from '@vouch/evidence'
import { concat } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { readPem } from '../../../fixtures/pem.js'
import { endorsementCertificate } from '../../src/vendors/snp/simulated.js'
import { PSS_SHA384 } from '../../src/x509/issue/schemes.js'
import { placeOf } from '../../testing/bytes.js'
import { failuresOf, judge } from '../../testing/samples.js'
import { attest, authenticated, codesOf, machine, NOW, report, vendor } from '../../testing/simulated.js'

const DAY = 86_400
const VENDOR = new URL('../../../fixtures/simulated-vendor/', import.meta.url)

const fileOf = (files: readonly EvidenceFile[], name: string): EvidenceFile => {
  const found = files.find((file) => file.name === name)
  if (found === undefined) throw new Error(`no ${name}`)
  return found
}
const without = (files: readonly EvidenceFile[], name: string): readonly EvidenceFile[] =>
  files.filter((file) => file.name !== name)

describe('simulated evidence', () => {
  test('is authentic, and says what it was made to say', async () => {
    const { authentic, failures, checks, notChecked } = await authenticated(await attest())
    expect(failures).toEqual([])
    expect(authentic?.claims).toMatchObject({
      kind: 'simulated-snp',
      endorsement: 'vcek',
      vmpl: 0,
      tcb: { bootloader: 4, tee: 0, snp: 24, microcode: 220 },
      guestPolicy: { debug: false, migration: false, smt: true },
      collateral: { missing: ['SIMULATED-ARK'] },
      slots: [{ name: 'REPORT_DATA', bytes: report.reportData, holds: 'report_data' }],
    })
    expect(checks.every(({ outcome }) => outcome === 'held')).toBe(true)
    expect(notChecked).toEqual(['revocation: no list of SIMULATED-ARK was given'])
  })

  test('names the machine by the chip alone', async () => {
    const identity = async (fill: number, snp = 24) => {
      const chip = {
        chipId: new Uint8Array(64).fill(fill),
        tcb: { bootloader: 4, tee: 0, snp, microcode: 9 },
      }
      return (await authenticated(await attest({ machine: chip }))).authentic?.claims.machineIdentity
    }
    const first = await identity(1)
    expect(first).toHaveLength(32)
    expect(await identity(1, 25)).toEqual(first)
    expect(await identity(2)).not.toEqual(first)
  })

  test('under a VLEK names no machine', async () => {
    const files = await attest({
      machine: { certificate: { type: 'vlek' } },
      report: { fields: { keyInfo: 1 << 2, chipId: new Uint8Array(64) } },
    })
    const { authentic, notChecked } = await authenticated(files)
    expect(authentic?.claims).toMatchObject({ endorsement: 'vlek' })
    expect(authentic?.claims.machineIdentity).toBeUndefined()
    expect(notChecked).toContain('which chip signed: a VLEK names none')
  })
})

describe('what report and certificate disagree about', () => {
  const CASES: readonly [string, Parameters<typeof attest>[0], string][] = [
    ['the chip', { machine: { certificate: { hwId: new Uint8Array(64) } } }, 'CHIP_ID'],
    [
      'the length of its id',
      {
        machine: { certificate: { hwId: new Uint8Array(8).fill(0xc1) } },
        report: { fields: { chipId: Uint8Array.from({ length: 64 }, (_, i) => (i < 8 ? 0xc1 : 0)) } },
      },
      'CHIP_ID',
    ],
    [
      'the TCB',
      { machine: { certificate: { tcb: { bootloader: 4, tee: 0, snp: 25, microcode: 220 } } } },
      'REPORTED_TCB',
    ],
    ['the product', { machine: { certificate: { product: 'Milan' } } }, 'product'],
    ['the type of key', { report: { fields: { keyInfo: 1 << 2 } } }, 'SIGNING_KEY'],
    ['the processor', { report: { fields: { cpuid: [0x19, 1, 1] } } }, 'CPUID'],
  ]
  test.each(CASES)('%s', async (_, changes, rule) => {
    const { failures } = await authenticated(await attest(changes))
    expect(failures).toEqual([
      expect.objectContaining({ code: 'CERTIFICATE_MISMATCH', rule: expect.stringContaining(rule) }),
    ])
  })
})

test('a signing key that the specification does not name is not understood', async () => {
  expect(await codesOf(await attest({ report: { fields: { keyInfo: 7 << 2 } } }))).toEqual([
    'ALGORITHM_UNKNOWN',
  ])
})

describe('a chain is refused', () => {
  test.each(['vcek.der', 'intermediate.der', 'root.der'])('without %s', async (name) => {
    expect(await codesOf(without(await attest(), name))).toEqual(['COLLATERAL_MISSING'])
  })

  test('with a certificate that is not in force yet, or no longer', async () => {
    const certificate = { notBefore: NOW - DAY, notAfter: NOW + DAY }
    const files = await attest({ machine: { certificate } })
    expect(await codesOf(files, NOW)).toEqual([])
    expect(await codesOf(files, NOW - DAY)).toEqual([])
    expect(await codesOf(files, NOW + DAY)).toEqual([])
    expect(await codesOf(files, NOW - DAY - 1)).toEqual(['CERTIFICATE_EXPIRED'])
    expect(await codesOf(files, NOW + DAY + 1)).toEqual(['CERTIFICATE_EXPIRED'])
  })

  test('when the root issued for the chip itself', async () => {
    const files = await attest()
    const der = (name: string) => new Uint8Array(readPem(new URL(name, VENDOR)))
    const usage = { name: 'RSA-PSS', hash: 'SHA-384' }
    const key = await crypto.subtle.importKey('pkcs8', der('root.key.pem'), usage, false, ['sign'])
    const { subject } = parseCertificate(fileOf(files, 'root.der').bytes)
    const content = {
      type: 'vcek',
      product: 'Simulated',
      tcb: { bootloader: 4, tee: 0, snp: 24, microcode: 220 },
      hwId: machine.chipId,
      notBefore: NOW - DAY,
      notAfter: NOW + DAY,
    } as const
    const bytes = await endorsementCertificate(
      content,
      { subject, key, scheme: PSS_SHA384 },
      der('vcek.pub.pem'),
    )
    const given = [...without(files, 'vcek.der'), { name: 'vcek.der', bytes }]
    expect(await codesOf(given)).toEqual(['CHAIN_FALSE'])
  })

  test('with two certificates in one role, as nobody can say which was meant', async () => {
    const [files, others] = [await attest(), await attest({ machine: { certificate: { notAfter: NOW } } })]
    expect(await codesOf([...files, ...files])).toEqual([])
    expect(await codesOf([...files, fileOf(others, 'vcek.der')])).toEqual(['COLLATERAL_CONFLICT'])
  })

  test('when the key that signed is another than the certified one', async () => {
    const { bytes } = fileOf(await attest({ report: { vmpl: 1 } }), 'report.bin')
    const signature = bytes.subarray(0x2a0)
    const files = await attest()
    const report = fileOf(files, 'report.bin')
    const mixed = concat(report.bytes.subarray(0, 0x2a0), signature)
    expect(await codesOf([...without(files, 'report.bin'), { ...report, bytes: mixed }])).toEqual([
      'EVIDENCE_SIGNATURE_FALSE',
    ])
  })

  test('when r is padded with what is not zero, so that it is no number below the order', async () => {
    const files = await attest()
    const report = fileOf(files, 'report.bin')
    const changed = report.bytes.map((byte, i) => (i === 0x2a0 + 50 ? 1 : byte))
    expect(await codesOf([...without(files, 'report.bin'), { ...report, bytes: changed }])).toEqual([
      'EVIDENCE_SIGNATURE_FALSE',
    ])
  })
})

describe('revocation lists', () => {
  const inForce = { thisUpdate: NOW - DAY, nextUpdate: NOW + DAY, revoked: [] }
  const serialOf = (files: readonly EvidenceFile[], name: string): Uint8Array =>
    parseCertificate(fileOf(files, name).bytes).serial

  test('that name nobody of the chain leave it be, and say until when they speak', async () => {
    const lists = [
      await vendor.revoke('root', { ...inForce, revoked: [Uint8Array.of(7)] }),
      await vendor.revoke('intermediate', { ...inForce, thisUpdate: NOW - 2 * DAY }),
    ]
    const { authentic, notChecked } = await authenticated([...(await attest()), ...lists])
    expect(authentic?.claims.collateral).toEqual({
      oldest: NOW - 2 * DAY,
      nextUpdate: NOW + DAY,
      missing: [],
    })
    expect(notChecked).toEqual([])
  })

  test('refuse a certificate that its issuer has revoked', async () => {
    const files = await attest()
    const byRoot = await vendor.revoke('root', { ...inForce, revoked: [serialOf(files, 'intermediate.der')] })
    const byIntermediate = await vendor.revoke('intermediate', {
      ...inForce,
      revoked: [serialOf(files, 'vcek.der')],
    })
    expect(await codesOf([...files, byRoot])).toEqual(['CERTIFICATE_REVOKED'])
    expect(await codesOf([...files, byIntermediate])).toEqual(['CERTIFICATE_REVOKED'])
  })

  test('fail the chain when they are out of date, or not out yet', async () => {
    const list = await vendor.revoke('root', inForce)
    const files = [...(await attest()), list]
    expect(new Set(await codesOf(files, NOW + DAY + 1))).toEqual(new Set(['COLLATERAL_EXPIRED']))
    expect(new Set(await codesOf(files, NOW - DAY - 1))).toEqual(new Set(['COLLATERAL_EXPIRED']))
  })

  test('of an issuer that is not in the chain are not passed over', async () => {
    const list = await vendor.revoke('root', inForce)
    const stranger = placeOf('SIMULATED-ARK', list.bytes)
    const other = { ...list, bytes: list.bytes.with(stranger, 'X'.charCodeAt(0)) }
    expect(await codesOf([...(await attest()), other])).toEqual(['COLLATERAL_MISSING'])
  })

  test('that the judge keeps count when they are for this machine, and only then', async () => {
    const files = await attest()
    const naming = { ...inForce, revoked: [serialOf(files, 'intermediate.der')] }
    const ours = await vendor.revoke('root', naming)
    const stranger = placeOf('SIMULATED-ARK', ours.bytes)
    const other = { ...ours, bytes: ours.bytes.with(stranger, 'X'.charCodeAt(0)) }
    const judged = async (kept: readonly EvidenceFile[]) =>
      (await authenticate((await parseEvidence(files, kept)).evidence, NOW)).failures.map(({ code }) => code)
    expect(await judged([other])).toEqual([])
    expect(await judged([other, ours])).toEqual(['CERTIFICATE_REVOKED'])
  })

  test('are all that a judge may keep: what would count for nobody is refused, not passed over', async () => {
    const files = await attest()
    const readme = { name: 'README', bytes: new TextEncoder().encode('renewed each day') }
    for (const kept of [files[0], files[1], readme])
      await expect(parseEvidence(files, kept === undefined ? [] : [kept])).rejects.toMatchObject({
        code: 'CERTIFICATE_MALFORMED',
      })
  })

  test('of a root are missed when they are not given, a list of its intermediate or not', async () => {
    const list = await vendor.revoke('intermediate', inForce)
    for (const files of [await attest(), [...(await attest()), list]]) {
      const { authentic } = await authenticated(files)
      expect(authentic?.claims.collateral.missing).toEqual(['SIMULATED-ARK'])
    }
  })

  test('fail the chain when somebody else signed them', async () => {
    const list = await vendor.revoke('root', inForce)
    const forged = { ...list, bytes: list.bytes.with(-1, (list.bytes.at(-1) ?? 0) ^ 1) }
    expect(new Set(await codesOf([...(await attest()), forged]))).toEqual(new Set(['CHAIN_FALSE']))
  })
})

describe('a report', () => {
  test.each([
    ['a byte', Uint8Array.of(1)],
    ['zeros', new Uint8Array(3)],
    ['a table of certificates', new Uint8Array(4096).fill(7)],
  ])('with %s behind it is refused: 3', async (_, tail) => {
    const files = (await attest()).map((file) =>
      file.name === 'report.bin' ? { ...file, bytes: concat(file.bytes, tail) } : file,
    )
    expect(await codesOf(files)).toEqual(['EVIDENCE_TRAILING'])
    expect(await judge(files, NOW)).toBe(3)
  })

  test('that is false stays false beside an unreadable file', async () => {
    const files = (await attest()).map((file) =>
      file.name === 'report.bin' ? { ...file, bytes: file.bytes.with(0x90, 1) } : file,
    )
    const broken = { name: 'broken.der', bytes: fileOf(files, 'vcek.der').bytes.subarray(0, 400) }
    const failures = await failuresOf([...files, broken], NOW)
    expect(failures.map(({ code }) => code)).toEqual(['DER_MALFORMED', 'EVIDENCE_SIGNATURE_FALSE'])
    expect(await judge([...files, broken], NOW)).toBe(2)
    const good = await attest()
    expect(await judge([...good, broken], NOW)).toBe(4)
    expect((await examine([...good, broken], NOW)).authentic).toBeUndefined()
  })

  test('of which several things are wrong is refused for the gravest', async () => {
    const [report, vcek, ...issuers] = await attest()
    if (!report || !vcek) throw new Error('there must be a report and a certificate')
    const longer = { ...vcek, bytes: concat(vcek.bytes, Uint8Array.of(1)) }
    const broken = { name: 'broken.der', bytes: vcek.bytes.subarray(0, 400) }
    const reading = parseEvidence([report, broken, longer, ...issuers])
    await expect(reading).rejects.toMatchObject({ code: 'EVIDENCE_TRAILING' })
  })
})

test('the pinned simulated root is the one in the fixtures', async () => {
  const pem = readFileSync(new URL('root.pem', VENDOR))
  expect(
    await codesOf([...without(await attest(), 'root.der'), { name: 'root.pem', bytes: new Uint8Array(pem) }]),
  ).toEqual([])
})
