import { encodeQuote, parseCertificate, parseQuote } from '@vouch/evidence'
import { fromHex } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { readPem } from '../../../fixtures/pem.js'
import { pckSerial } from '../../src/vendors/dcap/simulated-pck.js'
import { parseRevocationList } from '../../src/x509/revocation.js'
import { flipped, textOf, utf8, withFile } from '../../testing/files.js'
import {
  collateral,
  enclave,
  guest,
  guest15,
  platform,
  quoteEnclave,
  quoteGuest,
  reportData,
} from '../../testing/intel.js'
import { allCodes, levelsOf, requoted } from '../../testing/quotes.js'
import { authenticated, codesOf, NOW } from '../../testing/simulated.js'

// Each test breaks one check, and nothing but that check fails.

describe('a simulated quote', () => {
  test.each([
    ['TDX 1.0, version 4', 'simulated-tdx', () => quoteGuest()],
    ['TDX 1.0, version 5', 'simulated-tdx', () => quoteGuest({ quote: { version: 5 } })],
    ['TDX 1.5, version 5', 'simulated-tdx', () => quoteGuest({ quote: { version: 5, report: guest15 } })],
    ['SGX, version 3', 'simulated-sgx', () => quoteEnclave()],
    ['SGX, version 4', 'simulated-sgx', () => quoteEnclave({ quote: { version: 4 } })],
    ['SGX, version 5', 'simulated-sgx', () => quoteEnclave({ quote: { version: 5 } })],
  ] as const)('of %s is authentic, and written again as it was read', async (_, kind, attest) => {
    const files = await attest()
    const { authentic, failures, notChecked } = await authenticated(files)
    expect([failures, notChecked]).toEqual([[], []])
    expect(authentic?.claims).toMatchObject({
      kind,
      tcb: { status: 'UpToDate', advisories: [], evaluationDataNumber: 20 },
      padding: 0,
      trailing: 0,
      slots: [{ name: 'REPORT_DATA', bytes: reportData, holds: 'report_data' }],
      collateral: { oldest: collateral.issued, nextUpdate: collateral.nextUpdate, missing: [] },
    })
    const { bytes = new Uint8Array() } = files.find(({ name }) => name === 'quote.bin') ?? {}
    expect(encodeQuote(parseQuote(bytes).quote)).toEqual(bytes)
  })

  test('names the machine by its PPID alone, whatever TCB it certifies for', async () => {
    const identity = async (ppid: number, pceSvn: number) => {
      const machine = { ppid: new Uint8Array(16).fill(ppid), certificate: { pceSvn } }
      return (await authenticated(await quoteGuest({ platform: machine }))).authentic?.claims.machineIdentity
    }
    const first = await identity(1, 13)
    expect(first).toHaveLength(32)
    expect(await identity(1, 14)).toEqual(first)
    expect(await identity(2, 13)).not.toEqual(first)
  })

  test('of TDX and of SGX are two machines to a quota', async () => {
    const [tdx, sgx] = [await authenticated(await quoteGuest()), await authenticated(await quoteEnclave())]
    expect(tdx.authentic?.claims.machineIdentity).not.toEqual(sgx.authentic?.claims.machineIdentity)
  })
})

describe('what is signed', () => {
  test('a quote of another key', async () => {
    expect(await allCodes(requoted(await quoteGuest(), { signature: new Uint8Array(64).fill(1) }))).toEqual([
      'EVIDENCE_SIGNATURE_FALSE',
    ])
  })

  test('a body that was changed', async () => {
    const report = { ...guest, mrTd: new Uint8Array(48) }
    expect(await allCodes(requoted(await quoteGuest(), { report }))).toEqual(['EVIDENCE_SIGNATURE_FALSE'])
  })

  test("a quoting enclave's report of another key", async () => {
    const quotingEnclaveSignature = new Uint8Array(64).fill(1)
    expect(await allCodes(requoted(await quoteGuest(), { quotingEnclaveSignature }))).toEqual([
      'EVIDENCE_SIGNATURE_FALSE',
    ])
  })

  test("a quoting enclave's report that names another attestation key", async () => {
    const { quotingEnclave } = parseQuote((await quoteGuest())[0]?.bytes ?? new Uint8Array()).quote
    const other = { ...quotingEnclave, reportData: flipped(quotingEnclave.reportData, 0) }
    const files = await quoteGuest({ quote: { fields: { quotingEnclave: other } } })
    expect(await allCodes(files)).toEqual(['EVIDENCE_SIGNATURE_FALSE'])
    const noise = { ...quotingEnclave, reportData: flipped(quotingEnclave.reportData, 63) }
    expect(await allCodes(await quoteGuest({ quote: { fields: { quotingEnclave: noise } } }))).toEqual([
      'EVIDENCE_SIGNATURE_FALSE',
    ])
  })

  test('an attestation key that is no point', async () => {
    const files = requoted(await quoteGuest(), { attestationKey: new Uint8Array(64).fill(1) })
    expect(await allCodes(files)).toEqual(['EVIDENCE_SIGNATURE_FALSE', 'KEY_MALFORMED'])
  })

  test('TCB info and identity that somebody wrote themselves', async () => {
    const files = await quoteGuest()
    for (const name of ['tcb_info.json', 'qe_identity.json']) {
      const lie = withFile(files, name, (bytes) =>
        utf8(textOf(bytes).replace('"tcbEvaluationDataNumber":20', '"tcbEvaluationDataNumber":21')),
      )
      expect([name, await allCodes(lie)]).toEqual([name, ['COLLATERAL_SIGNATURE_FALSE']])
    }
  })
})

test('a signature of two numbers has one spelling', async () => {
  const files = await quoteGuest()
  const damaged = (change: (der: Uint8Array, start: number) => Uint8Array) =>
    withFile(files, 'platform-ca.crl', (der) =>
      change(der, der.length - parseRevocationList(der).signature.length),
    )
  // A sequence under another tag, and a number that is a string of bits.
  expect(await allCodes(damaged((der, start) => der.with(start, 0xb0)))).toEqual(['CHAIN_FALSE'])
  expect(await allCodes(damaged((der, start) => der.with(start + 2, 0x03)))).toEqual(['DER_MALFORMED'])
})

describe('collateral', () => {
  test('that is out of date, or from the future', async () => {
    const files = await quoteGuest()
    expect(await codesOf(files, collateral.issued)).toEqual([])
    expect(await codesOf(files, collateral.nextUpdate)).toEqual([])
    // Two lists, TCB info and identity, each once.
    expect(await codesOf(files, collateral.nextUpdate + 1)).toEqual(Array(4).fill('COLLATERAL_EXPIRED'))
    expect(new Set(await codesOf(files, collateral.issued - 1))).toEqual(new Set(['COLLATERAL_EXPIRED']))
  })

  test('of which only one is out of date', async () => {
    const late = { nextUpdate: '2026-01-01T00:00:00Z' }
    expect(await codesOf(await quoteGuest({ collateral: { tcbInfo: late } }))).toEqual(['COLLATERAL_EXPIRED'])
    expect(await codesOf(await quoteGuest({ collateral: { identity: late } }))).toEqual([
      'COLLATERAL_EXPIRED',
    ])
  })

  test.each(['tcb_info.json', 'qe_identity.json', 'tcb_signing.der', 'root.crl', 'platform-ca.crl'])(
    'without %s leaves the verdict open',
    async (name) => {
      expect(await allCodes(withFile(await quoteGuest(), name, () => undefined))).toEqual([
        'COLLATERAL_MISSING',
      ])
    },
  )

  test('of an enclave does not do for a guest', async () => {
    const [files, others] = [await quoteGuest(), await quoteEnclave()]
    const other = others.filter(({ name }) => name === 'tcb_info.json')
    const given = [...withFile(files, 'tcb_info.json', () => undefined), ...other]
    expect(await allCodes(given)).toEqual(['COLLATERAL_MISSING'])
    // Beside the right one it changes nothing, and is named.
    const { authentic, notChecked } = await authenticated([...files, ...other])
    expect(authentic).toBeDefined()
    expect(notChecked).toEqual(['TCB info SGX: it is not for this quote'])
  })

  test('given twice is given once, unless it differs', async () => {
    const [files, others] = [await quoteGuest(), await quoteGuest({ collateral: { issued: NOW - 7200 } })]
    expect(await allCodes([...files, ...files])).toEqual([])
    for (const name of ['tcb_info.json', 'qe_identity.json', 'root.crl', 'platform-ca.crl']) {
      const conflicting = [...files, ...others.filter((file) => file.name === name)]
      expect([name, await allCodes(conflicting)]).toEqual([name, ['COLLATERAL_CONFLICT']])
    }
  })

  test('that revokes a platform, its issuer, or the signer of TCB info', async () => {
    const serialOf = (path: string): Uint8Array => {
      const folder = new URL('../../../fixtures/simulated-intel/', import.meta.url)
      return parseCertificate(readPem(new URL(path, folder))).serial
    }
    const revoked = ['CERTIFICATE_REVOKED']
    const revokedByPlatformCa = [pckSerial(platform.ppid)]
    expect(await allCodes(await quoteGuest({ collateral: { revokedByPlatformCa } }))).toEqual(revoked)
    for (const path of ['platform-ca.pem', 'tcb-signing.pem']) {
      const revokedByRoot = [serialOf(path)]
      expect([path, await allCodes(await quoteGuest({ collateral: { revokedByRoot } }))]).toEqual([
        path,
        revoked,
      ])
    }
  })
})

describe('collateral that is for something else', () => {
  const mismatch = ['COLLATERAL_MISMATCH']

  test('another platform type, or another provisioning enclave', async () => {
    expect(await allCodes(await quoteGuest({ collateral: { tcbInfo: { fmspc: '00000000F00D' } } }))).toEqual(
      mismatch,
    )
    expect(await allCodes(await quoteGuest({ collateral: { tcbInfo: { pceId: '0001' } } }))).toEqual(mismatch)
  })

  test.each([
    ['signer', { mrsigner: '00'.repeat(32) }],
    ['product', { isvprodid: 3 }],
    ['MISCSELECT', { miscselect: '00000001' }],
    ['ATTRIBUTES', { attributes: '13000000000000000000000000000000' }],
  ])('a quoting enclave of another %s', async (_, identity) => {
    expect(await allCodes(await quoteGuest({ collateral: { identity } }))).toEqual(mismatch)
    expect(await allCodes(await quoteEnclave({ collateral: { identity } }))).toEqual(mismatch)
  })

  test('a module that is not the vendor’s', async () => {
    expect(await allCodes(await quoteGuest({ guest: { mrSignerSeam: new Uint8Array(48).fill(1) } }))).toEqual(
      mismatch,
    )
    expect(
      await allCodes(await quoteGuest({ guest: { seamAttributes: new Uint8Array(8).fill(1) } })),
    ).toEqual(mismatch)
    const before = Uint8Array.of(5, 0, 3, ...new Uint8Array(13))
    const given = { teeTcbSvn: before, mrSignerSeam: new Uint8Array(48).fill(1) }
    const tcbInfo = { tcbLevels: levelsOf({ tdx: [5, 0, 3] }) }
    expect(await allCodes(await quoteGuest({ guest: given, collateral: { tcbInfo } }))).toEqual(mismatch)
  })
})

test('a measurement in hexadecimal is what the claims say', async () => {
  const { authentic } = await authenticated(
    await quoteEnclave({ enclave: { mrEnclave: fromHex('ab'.repeat(32)) } }),
  )
  expect(authentic?.claims).toMatchObject({ mrEnclave: fromHex('ab'.repeat(32)), mrSigner: enclave.mrSigner })
})
