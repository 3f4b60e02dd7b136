import { sha256 } from '@noble/hashes/sha2.js'
import { type EvidenceFile, parseCertificate } from '@vouch/evidence'
import { newSimulatedTpm } from '@vouch/evidence/simulated'
import { concat, type ErrorCode, toHex } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { nameOf } from '../../src/vendors/tpm/public-area.js'
import { keyCertificate } from '../../src/x509/issue/key-certificate.js'
import { RSA_SHA256 } from '../../src/x509/issue/schemes.js'
import { fileOf, flipped, jsonBytes, textOf, withFile } from '../../testing/files.js'
import { authenticated, codesOf, NOW, vendor } from '../../testing/simulated.js'
import { attestTpm, authority, extraData, pcrs, tcg12Event, tpm } from '../../testing/tpm.js'
import { area, areaFile, creation, signed } from '../../testing/tpm-structures.js'

const DAY = 86_400
const RSA = { ...RSA_SHA256.key, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) }

/** A quote over one PCR of SHA-1, which is zero. */
const sha1Fields = {
  selections: [{ hash: 'sha1', pcrs: [4] }],
  pcrDigest: sha256(new Uint8Array(20)),
} as const

const hexOf = (values: ReadonlyMap<number, Uint8Array>) =>
  Object.fromEntries([...values].map(([index, value]) => [String(index), toHex(value)]))

/** Any report of the simulated vendor: for its certificates, which are another authority's. */
const VENDORS = { reportData: new Uint8Array(64), measurement: new Uint8Array(48) }

test('a quote is authentic, and says what it was made to say', async () => {
  const { authentic, failures, notChecked } = await authenticated(await attestTpm())
  expect(failures).toEqual([])
  expect(authentic?.claims).toMatchObject({
    kind: 'simulated-tpm',
    slots: [{ name: 'extraData', bytes: extraData, holds: 'short_report_data' }],
    collateral: { missing: ['SIMULATED-EK-AK-ROOT'] },
    quote: { scheme: 'ecdsa', hash: 'sha256', safe: true, selected: { sha256: '0, 2, 4, 7, 11' } },
  })
  expect(authentic?.claims).toMatchObject({
    quote: {
      pcrs: { sha256: Object.fromEntries([...pcrs].map(([index, value]) => [String(index), value])) },
    },
  })
  expect(notChecked).toEqual([
    'whether the attestation key is restricted: its public area was not given',
    'revocation: no list of SIMULATED-EK-AK-ROOT was given',
  ])
})

test('the machine is named by its attestation key', async () => {
  const identity = async (files: readonly EvidenceFile[]) =>
    (await authenticated(files)).authentic?.claims.machineIdentity
  const first = await identity(await attestTpm())
  expect(first).toHaveLength(32)
  expect(await identity(await attestTpm({ extraData: new Uint8Array(32) }))).toEqual(first)
  const other = await authority.attest(await newSimulatedTpm(), { extraData, pcrs })
  expect(await identity(other)).not.toEqual(first)
})

describe('each check alone', () => {
  const given = async () => attestTpm()
  const replace = async (name: string, bytes: Uint8Array) => withFile(await given(), name, () => bytes)
  const quoteBytes = async () => fileOf(await given(), 'quote_msg.bin').bytes
  const CASES: readonly [string, ErrorCode, () => Promise<readonly EvidenceFile[]>][] = [
    [
      'the quote is signed by the key',
      'EVIDENCE_SIGNATURE_FALSE',
      async () => withFile(await given(), 'quote_sig.bin', (bytes) => flipped(bytes, -1)),
    ],
    [
      'every signature is of something that is there',
      'EVIDENCE_SIGNATURE_FALSE',
      async () => [...(await given()), { name: 'other', bytes: await signed(Uint8Array.of(1)) }],
    ],
    [
      'the creation attestation is signed by the key',
      'EVIDENCE_SIGNATURE_FALSE',
      async () => {
        const [attest, signature] = await creation(await quoteBytes(), nameOf(areaFile().bytes, area))
        if (!attest || !signature) throw new Error('two files')
        const broken = { ...signature, bytes: flipped(signature.bytes, -1) }
        return [...(await given()), areaFile(), attest, broken]
      },
    ],
    [
      'the creation attestation is of the key',
      'EVIDENCE_BINDING_FALSE',
      async () => [
        ...(await given()),
        areaFile(),
        ...(await creation(await quoteBytes(), new Uint8Array(34))),
      ],
    ],
    [
      'the key is restricted',
      'EVIDENCE_SIGNATURE_FALSE',
      async () => [...(await given()), areaFile({ attributes: area.attributes & ~(1 << 16) })],
    ],
    [
      'the key is the same wherever it stands',
      'COLLATERAL_CONFLICT',
      async () => [
        ...(await given()),
        areaFile(),
        { name: 'key.der', bytes: (await newSimulatedTpm()).spki },
      ],
    ],
    [
      'the values are those of the digest',
      'EVIDENCE_BINDING_FALSE',
      async () =>
        replace(
          'pcrs.json',
          jsonBytes({ bank: 'sha256', pcrs: hexOf(new Map([...pcrs, [4, new Uint8Array(32)]])) }),
        ),
    ],
    [
      'there is no value that the quote does not select',
      'EVIDENCE_BINDING_FALSE',
      async () =>
        replace(
          'pcrs.json',
          jsonBytes({ bank: 'sha256', pcrs: hexOf(new Map([...pcrs, [9, new Uint8Array(32)]])) }),
        ),
    ],
    [
      'no value that it selects is missing',
      'COLLATERAL_MISSING',
      async () =>
        replace('pcrs.json', jsonBytes({ bank: 'sha256', pcrs: hexOf(new Map([...pcrs].slice(1))) })),
    ],
    [
      'the event log leads to the values',
      'EVENT_LOG_FALSE',
      async () => [
        ...withFile(await attestTpm({ fields: sha1Fields }), 'pcrs.json', () =>
          jsonBytes({ bank: 'sha1', pcrs: { 4: '00'.repeat(20) } }),
        ),
        { name: 'log', bytes: tcg12Event(4, new Uint8Array(20).fill(1)) },
      ],
    ],
    [
      'behind the quote are zeros',
      'EVIDENCE_TRAILING',
      async () => withFile(await given(), 'quote_msg.bin', (bytes) => concat(bytes, Uint8Array.of(0, 1))),
    ],
    [
      'behind the signature are zeros',
      'EVIDENCE_TRAILING',
      async () => withFile(await given(), 'quote_sig.bin', (bytes) => concat(bytes, Uint8Array.of(1))),
    ],
    [
      'the certificates are there',
      'COLLATERAL_MISSING',
      async () => withFile(await given(), 'intermediate.der', () => undefined),
    ],
    [
      'the root is pinned',
      'CHAIN_FALSE',
      async () => {
        const [, , intermediate, root] = await vendor.attest({ chipId: new Uint8Array(64) }, VENDORS)
        if (!intermediate || !root) throw new Error('four files')
        const { subject } = parseCertificate(intermediate.bytes)
        const key = await crypto.subtle.generateKey(RSA, false, ['sign', 'verify'])
        const issuer = { subject, key: key.privateKey, scheme: RSA_SHA256 }
        const life = { notBefore: NOW - DAY, notAfter: NOW + DAY }
        const content = { serial: 1, commonName: 'SIMULATED-AK', spki: tpm.spki, ...life }
        const bytes = await keyCertificate(content, issuer)
        return [
          ...(await given()).filter(({ name }) => !name.endsWith('.der')),
          ...[intermediate, root, { name: 'ak.der', bytes }],
        ]
      },
    ],
    [
      'the certificate is signed by its issuer',
      'CHAIN_FALSE',
      async () => withFile(await given(), 'ak.der', (bytes) => flipped(bytes, -1)),
    ],
    [
      'the certificate is for signatures',
      'CERTIFICATE_MISMATCH',
      async () => [
        ...(await replace('ak.der', await authority.certify(tpm.spki, { keyUsage: 0x20 }))),
        { name: 'key.der', bytes: tpm.spki },
      ],
    ],
    [
      'the certificate is in force',
      'CERTIFICATE_EXPIRED',
      async () => replace('ak.der', await authority.certify(tpm.spki, { notAfter: NOW - DAY })),
    ],
    [
      'the certificate comes once',
      'COLLATERAL_CONFLICT',
      async () => [
        ...(await given()),
        { name: 'ak2.der', bytes: await authority.certify(tpm.spki, { notAfter: NOW + DAY }) },
      ],
    ],
  ]
  test.each(CASES)('%s', async (_, code, files) => {
    expect(new Set(await codesOf(await files()))).toEqual(new Set([code]))
  })
})

describe('what came along and holds', () => {
  test('is the public area and the creation attestation of the key', async () => {
    const files = await attestTpm()
    const made = await creation(fileOf(files, 'quote_msg.bin').bytes, nameOf(areaFile().bytes, area))
    const { failures, notChecked } = await authenticated([...made, ...files, areaFile()])
    expect(failures).toEqual([])
    expect(notChecked).toEqual(['revocation: no list of SIMULATED-EK-AK-ROOT was given'])
  })

  test('is padding of zeros, said aloud', async () => {
    const files = withFile(await attestTpm(), 'quote_msg.bin', (bytes) => concat(bytes, new Uint8Array(7)))
    const { failures, notChecked } = await authenticated(files)
    expect(failures).toEqual([])
    expect(notChecked).toContain('7 zero bytes behind the quote: padding')
  })

  test('is the same PCR values again, in another spelling', async () => {
    const files = await attestTpm()
    const { bytes } = fileOf(files, 'pcrs.json')
    const { bank, pcrs } = JSON.parse(textOf(bytes)) as {
      bank: string
      pcrs: Readonly<Record<string, string>>
    }
    const again = (values: object) => ({ name: 'again.json', bytes: jsonBytes({ pcrs: values, bank }) })
    expect(await codesOf([...files, again(pcrs)])).toEqual([])
    expect(await codesOf([...files, again({ ...pcrs, 0: '00'.repeat(32) })])).toEqual([
      'EVIDENCE_BINDING_FALSE',
    ])
  })

  test('is another certificate, which says nothing of a key that stands by itself', async () => {
    const other = await authority.certify((await newSimulatedTpm()).spki, { keyUsage: 0x20 })
    const files = [
      ...withFile(await attestTpm(), 'ak.der', () => other),
      { name: 'key.der', bytes: tpm.spki },
    ]
    const { authentic, notChecked } = await authenticated(files)
    expect(authentic?.claims).toMatchObject({ kind: 'tpm' })
    expect(notChecked).toContain('certificates: none of them is of the attestation key')
  })
})
