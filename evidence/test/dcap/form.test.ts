import { type EvidenceFile, parseCertificate, parseQuote } from '@vouch/evidence'
import { concat } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { certificate, extension } from '../../src/x509/issue/certificates.js'
import { ECDSA_SHA256 } from '../../src/x509/issue/schemes.js'
import { lastPlaceOf, pemBytes } from '../../testing/bytes.js'
import { textOf, utf8, withFile } from '../../testing/files.js'
import { quoteEnclave, quoteGuest } from '../../testing/intel.js'
import { allCodes, requoted, unreadableCodes } from '../../testing/quotes.js'
import { authenticated, codesOf, NOW } from '../../testing/simulated.js'

// What can be read, and what must be refused: each test breaks one rule.

describe('the form of a quote', () => {
  const put = async (offset: number, ...bytes: readonly number[]): Promise<readonly string[]> =>
    allCodes(
      withFile(await quoteGuest({ quote: { version: 5 } }), 'quote.bin', (quote) =>
        concat(quote.subarray(0, offset), Uint8Array.from(bytes), quote.subarray(offset + bytes.length)),
      ),
    )

  test.each([
    ['a version to come', 'VERSION_UNKNOWN', 0, [6]],
    ['another type of attestation key', 'ALGORITHM_UNKNOWN', 2, [3]],
    ['another TEE', 'ALGORITHM_UNKNOWN', 4, [0x82]],
    ['something in what is reserved', 'NOT_CANONICAL', 8, [1]],
    ["another vendor's quoting enclave", 'ALGORITHM_UNKNOWN', 12, [0]],
    ['a body of another TEE', 'ALGORITHM_UNKNOWN', 48, [1]],
    ['a body of no type', 'ALGORITHM_UNKNOWN', 48, [4]],
    ['a body of another size', 'NOT_CANONICAL', 50, [0x49]],
    ['more signature data than there is', 'TRUNCATED', 54 + 584, [0xff, 0xff]],
    ['less signature data than it holds', 'TRUNCATED', 54 + 584, [0xff, 0]],
    ['certification data of another type', 'ALGORITHM_UNKNOWN', 54 + 584 + 4 + 128, [3]],
    [
      "something in what the quoting enclave's report reserves",
      'NOT_CANONICAL',
      54 + 584 + 4 + 128 + 6 + 20,
      [1],
    ],
  ] as const)('%s: %s', async (_, code, offset, bytes) => {
    expect(await put(offset, ...bytes)).toEqual([code])
  })

  test('version 3 is of SGX alone', async () => {
    expect(await allCodes(await quoteGuest({ quote: { version: 3 } }))).toEqual(['ALGORITHM_UNKNOWN'])
  })

  test('zeros behind it are padding, anything else is refused', async () => {
    const behind = (...bytes: readonly number[]) =>
      quoteGuest({ quote: { fields: { behind: Uint8Array.from(bytes) } } })
    expect(await allCodes(await behind(0, 0))).toEqual([])
    expect(await allCodes(await behind(0, 1, 0))).toEqual(['EVIDENCE_TRAILING'])
    const { authentic } = await authenticated(await behind(0, 1, 0))
    expect(authentic?.claims).toMatchObject({ padding: 1, trailing: 2 })
  })

  test('certificates inside may be DER, and nothing else may be among them', async () => {
    const files = await quoteGuest()
    const { pckChain } = parseQuote(files[0]?.bytes ?? new Uint8Array()).quote
    const ders = (textOf(pckChain).match(/-----BEGIN CERTIFICATE-----[^-]+/g) ?? []).map(pemBytes)
    expect(await allCodes(requoted(files, { pckChain: concat(...ders) }))).toEqual([])
    expect(await allCodes(requoted(files, { pckChain: concat(pckChain, Uint8Array.of(0)) }))).toEqual([])
    expect(await unreadableCodes(requoted(files, { pckChain: concat(utf8('# mine\n'), pckChain) }))).toEqual([
      'CERTIFICATE_MALFORMED',
    ])
    expect(await unreadableCodes(requoted(files, { pckChain: concat(...ders, Uint8Array.of(0)) }))).toEqual([
      'DER_MALFORMED',
    ])
  })

  test('two quotes are one too many, and none is none', async () => {
    const [files, others] = [await quoteGuest(), await quoteEnclave()]
    expect(await allCodes([...files, ...others.slice(0, 1)])).toEqual(['EVIDENCE_AMBIGUOUS'])
    expect(await allCodes(files.slice(1))).toEqual(['EVIDENCE_MISSING'])
  })
})

describe('the chain of a PCK', () => {
  const blocksOf = (files: readonly EvidenceFile[]): readonly string[] => {
    const { pckChain } = parseQuote(files[0]?.bytes ?? new Uint8Array()).quote
    return textOf(pckChain).match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) ?? []
  }

  test('without its issuers', async () => {
    const files = await quoteGuest()
    const [leaf = ''] = blocksOf(files)
    expect(await allCodes(requoted(files, { pckChain: utf8(leaf) }))).toEqual(['COLLATERAL_MISSING'])
  })

  test("under another root of the vendor's name", async () => {
    const files = await quoteGuest()
    const [leaf = '', issuer = '', root = ''] = blocksOf(files)
    const { subject, spki: genuine } = parseCertificate(pemBytes(root))
    const { privateKey: key, publicKey } = await crypto.subtle.generateKey(
      { name: 'ECDSA', namedCurve: 'P-256' },
      true,
      ['sign'],
    )
    const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
    expect(spki).not.toEqual(genuine)
    const content = {
      serial: Uint8Array.of(1),
      subject,
      notBefore: NOW - 1,
      notAfter: NOW + 1,
      spki,
      extensions: [extension('2.5.29.14', Uint8Array.of(4, 0))],
    }
    const other = await certificate(content, { subject, key, scheme: ECDSA_SHA256 })
    // Neither its signature over the issuer nor anything below is worth looking at: it is not the pinned one.
    expect(
      await allCodes(requoted(files, { pckChain: concat(pemBytes(leaf), pemBytes(issuer), other) })),
    ).toEqual(['CHAIN_FALSE'])
  })

  test('with certificates of two platforms', async () => {
    const [files, others] = [await quoteGuest(), await quoteGuest({ platform: { ppid: new Uint8Array(16) } })]
    const { pckChain } = parseQuote(others[0]?.bytes ?? new Uint8Array()).quote
    expect(await allCodes([...files, { name: 'chain.pem', bytes: pckChain }])).toEqual([
      'COLLATERAL_CONFLICT',
    ])
  })

  test('with a certificate beside it that is damaged', async () => {
    const files = await quoteGuest()
    const [, , root = ''] = blocksOf(files)
    const der = pemBytes(root)
    const damaged = der.with(lastPlaceOf('SIMULATED SGX Root CA', der), 'Z'.charCodeAt(0))
    expect(await allCodes([...files, { name: 'root.der', bytes: damaged }])).toEqual(['CHAIN_FALSE'])
    expect(await allCodes([...files, { name: 'root.der', bytes: der }])).toEqual([])
  })

  test('that is no longer in force', async () => {
    const certificate = { notBefore: NOW - 100, notAfter: NOW - 1 }
    expect(await codesOf(await quoteGuest({ platform: { certificate } }))).toEqual(['CERTIFICATE_EXPIRED'])
  })

  test.each([
    ['an SVN over a byte', { svns: [256, ...new Array(15).fill(0)] }],
    ['a PPID of another length', { ppid: new Uint8Array(15) }],
    ['an FMSPC of another length', { fmspc: new Uint8Array(5) }],
  ])('whose extension has %s', async (_, certificate) => {
    expect(await allCodes(await quoteGuest({ platform: { certificate } }))).toContain('CERTIFICATE_MALFORMED')
  })
})

describe('the form of TCB info and identity', () => {
  const parsed = async (change: (text: string) => string, name = 'tcb_info.json') =>
    unreadableCodes(withFile(await quoteGuest(), name, (bytes) => utf8(change(textOf(bytes)))))

  test.each([
    [
      'upper case in the signature',
      'VALUE_MALFORMED',
      (text: string) => text.replace(/"[0-9a-f]{128}"/, (hex) => hex.toUpperCase()),
    ],
    ['another member', 'VALUE_MALFORMED', (text: string) => text.replace('{', '{"a":1,')],
    [
      'another member behind',
      'JSON_MALFORMED',
      (text: string) => text.replace(',"signature"', ',"a":{},"signature"'),
    ],
    [
      'a member twice',
      'JSON_DUPLICATE_MEMBER',
      (text: string) => text.replace('"version":3', '"version":3,"version":3'),
    ],
    [
      'no levels',
      'MEMBER_MISSING',
      (text: string) => text.replace('"tcbLevels":[{"tcb":{"sgx', '"levels":[{"tcb":{"sgx'),
    ],
    ['a version to come', 'VERSION_UNKNOWN', (text: string) => text.replace('"version":3', '"version":4')],
    [
      'levels with an unknown comparison',
      'VERSION_UNKNOWN',
      (text: string) => text.replace('"tcbType":0', '"tcbType":1'),
    ],
    ['an unknown status', 'VALUE_MALFORMED', (text: string) => text.replace('"OutOfDate"', '"Fine"')],
    [
      'a date that is none',
      'VALUE_MALFORMED',
      (text: string) => text.replace(/"issueDate":"\d{4}-\d\d-\d\d/, '"issueDate":"2025-06-31'),
    ],
    ['too few components', 'VALUE_MALFORMED', (text: string) => text.replace('{"svn":3},', '')],
  ] as const)('%s: %s', async (_, code, change) => {
    expect(await parsed(change)).toEqual([code])
  })

  test('an identity of a version to come', async () => {
    expect(await parsed((text) => text.replace('"version":2', '"version":3'), 'qe_identity.json')).toEqual([
      'VERSION_UNKNOWN',
    ])
  })

  test('TCB info of version 2 says of SGX what version 3 does', async () => {
    const numbered = Object.fromEntries(
      Array.from({ length: 16 }, (_, i) => [
        `sgxtcbcomp${String(i + 1).padStart(2, '0')}svn`,
        i === 7 ? 5 : 0,
      ]),
    )
    const of = async (svn: number) => {
      const tcbLevels = [
        {
          tcb: { ...numbered, sgxtcbcomp08svn: svn, pcesvn: 13 },
          tcbDate: '2025-01-01T00:00:00Z',
          tcbStatus: 'UpToDate',
        },
      ]
      const tcbInfo = { version: 2, id: undefined, tcbLevels }
      const { claims } =
        (await authenticated(await quoteEnclave({ collateral: { tcbInfo } }))).authentic ?? {}
      return claims !== undefined && 'platform' in claims ? claims.tcb.status : undefined
    }
    expect([await of(5), await of(6)]).toEqual(['UpToDate', 'NotSupported'])
  })
})
