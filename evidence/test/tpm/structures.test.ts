import { encodeAttest, parseAttest } from '@vouch/evidence'
import { concat, type ErrorCode } from '@vouch/protocol'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import { describe, expect, test } from 'vitest'
import { isRestrictedSigner, parsePublicArea } from '../../src/vendors/tpm/public-area.js'
import { encodeSignature, isSignedByTpm, parseSignature } from '../../src/vendors/tpm/signature.js'
import type { TpmSignature } from '../../src/vendors/tpm/types.js'
import { fileOf, flipped, jsonBytes, withFile } from '../../testing/files.js'
import { authenticated } from '../../testing/simulated.js'
import { attestTpm, tpm } from '../../testing/tpm.js'
import { area, areaFile, signed } from '../../testing/tpm-structures.js'

describe('signatures', () => {
  const content = new TextEncoder().encode('anything')
  const HASHES = [
    ['sha1', 'SHA-1', 20],
    ['sha256', 'SHA-256', 32],
    ['sha384', 'SHA-384', 48],
    ['sha512', 'SHA-512', 64],
  ] as const
  const rsa = (name: string, hash: string) => ({
    name,
    hash,
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
  })
  const spkiOf = async ({ publicKey }: CryptoKeyPair) =>
    new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
  const holds = async (spki: Uint8Array, signature: TpmSignature) => {
    const given = parseSignature(encodeSignature(signature))
    expect(given).toEqual({ signature, trailing: new Uint8Array() })
    return [
      await isSignedByTpm(spki, signature, content),
      await isSignedByTpm(spki, signature, flipped(content, 0)),
      await isSignedByTpm(tpm.spki, signature, content),
    ]
  }

  test.each(HASHES)('of RSASSA with %s hold', async (hash, web) => {
    const pair = await crypto.subtle.generateKey(rsa('RSASSA-PKCS1-v1_5', web), true, ['sign', 'verify'])
    const bytes = new Uint8Array(await crypto.subtle.sign('RSASSA-PKCS1-v1_5', pair.privateKey, content))
    expect(await holds(await spkiOf(pair), { scheme: 'rsassa', hash, signature: bytes })).toEqual([
      true,
      false,
      false,
    ])
  })

  test.each(HASHES)(
    'of RSA-PSS with %s hold, with salt as long as the hash or as there is room',
    async (hash, web, size) => {
      const pair = await crypto.subtle.generateKey(rsa('RSA-PSS', web), true, ['sign', 'verify'])
      for (const [saltLength, isTaken] of [
        [size, true],
        [256 - size - 2, true],
        [8, false],
      ] as const) {
        const bytes = await crypto.subtle.sign({ name: 'RSA-PSS', saltLength }, pair.privateKey, content)
        const signature = { scheme: 'rsapss', hash, signature: new Uint8Array(bytes) } as const
        expect(await holds(await spkiOf(pair), signature)).toEqual([isTaken, false, false])
      }
    },
  )

  test.each([
    ['P-256', 'sha256', 32],
    ['P-384', 'sha384', 48],
    ['P-521', 'sha512', 66],
  ] as const)('of ECDSA over %s hold, and no longer numbers', async (namedCurve, hash, size) => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve }, true, ['sign', 'verify'])
    const web = HASHES.find(([name]) => name === hash)?.[1] ?? ''
    const raw = await crypto.subtle.sign({ name: 'ECDSA', hash: web }, pair.privateKey, content)
    const [r, s] = [new Uint8Array(raw, 0, size), new Uint8Array(raw, size)]
    const spki = await spkiOf(pair)
    expect(await holds(spki, { scheme: 'ecdsa', hash, r, s })).toEqual([true, false, false])
    const longer = { scheme: 'ecdsa', hash, r: concat(Uint8Array.of(0), r), s } as const
    expect(await isSignedByTpm(spki, longer, content)).toBe(false)
  })
})

describe('structures that are none are refused', () => {
  const attest = async (change: (bytes: Uint8Array) => Uint8Array) =>
    refusalOf(() => parseAttest(change(quote))).code
  let quote = new Uint8Array()
  test.each<[string, ErrorCode, (bytes: Uint8Array) => Uint8Array]>([
    ['an unknown type', 'ALGORITHM_UNKNOWN', (bytes) => bytes.with(5, 0x17)],
    ['another magic', 'ALGORITHM_UNKNOWN', (bytes) => bytes.with(0, 0xfe)],
    ['a name longer than any', 'TOO_LARGE', (bytes) => bytes.with(6, 1)],
    ['a flag that is none', 'NOT_CANONICAL', (bytes) => bytes.with(bytes.length - 34 - 10 - 9, 2)],
    ['more banks than there are', 'TOO_LARGE', (bytes) => bytes.with(bytes.length - 34 - 7, 5)],
    ['a bank that is not known', 'ALGORITHM_UNKNOWN', (bytes) => bytes.with(bytes.length - 34 - 5, 0x12)],
    ['a selection of another size', 'VALUE_OUT_OF_RANGE', (bytes) => bytes.with(bytes.length - 34 - 4, 4)],
    ['its end missing', 'TRUNCATED', (bytes) => bytes.subarray(0, -1)],
  ])('a quote with %s', async (_, code, change) => {
    quote = new Uint8Array(fileOf(await attestTpm(), 'quote_msg.bin').bytes)
    expect(await attest(change)).toBe(code)
  })

  test('a quote that selects a bank twice', async () => {
    const { attest } = parseAttest(fileOf(await attestTpm(), 'quote_msg.bin').bytes)
    if (attest.type !== 'quote') throw new Error('it must be a quote')
    const twice = { ...attest, selections: [...attest.selections, ...attest.selections] }
    expect(refusalOf(() => parseAttest(encodeAttest(twice))).code).toBe('NOT_CANONICAL')
  })

  test.each<[string, ErrorCode, object]>([
    ['another member', 'MEMBER_UNKNOWN', { bank: 'sha256', pcrs: {}, more: 1 }],
    ['no bank', 'VALUE_MALFORMED', { pcrs: {} }],
    ['a PCR that there is not', 'VALUE_OUT_OF_RANGE', { bank: 'sha256', pcrs: { 24: '00'.repeat(32) } }],
    ['a value of another length', 'VALUE_MALFORMED', { bank: 'sha256', pcrs: { 1: '00'.repeat(20) } }],
    ['a value in capitals', 'VALUE_MALFORMED', { bank: 'sha256', pcrs: { 1: 'AB'.repeat(32) } }],
  ])('PCR values with %s', async (_, code, json) => {
    const files = withFile(await attestTpm(), 'pcrs.json', () => jsonBytes(json))
    await expect(authenticated(files)).rejects.toMatchObject({ code })
  })

  test.each<[string, ErrorCode, Uint8Array]>([
    ['bytes behind it', 'TRAILING_BYTES', concat(areaFile().bytes, Uint8Array.of(0))],
    ['a symmetric algorithm', 'ALGORITHM_UNKNOWN', areaFile().bytes.with(11, 6)],
    ['an unknown curve', 'ALGORITHM_UNKNOWN', areaFile().bytes.with(17, 0x20)],
  ])('a public area with %s', (_, code, bytes) => {
    expect(refusalOf(() => parsePublicArea(bytes)).code).toBe(code)
  })

  test('more signatures than attestations, or none', async () => {
    const files = await attestTpm()
    const others = [1, 2].map(async (i) => ({ name: `${i}`, bytes: await signed(Uint8Array.of(i)) }))
    await expect(authenticated([...files, ...(await Promise.all(others))])).rejects.toMatchObject({
      code: 'EVIDENCE_AMBIGUOUS',
    })
    await expect(authenticated(withFile(files, 'quote_sig.bin', () => undefined))).rejects.toMatchObject({
      code: 'EVIDENCE_MISSING',
    })
  })

  test('a quote beside another', async () => {
    const other = fileOf(await attestTpm({ extraData: Uint8Array.of(1) }), 'quote_msg.bin')
    await expect(authenticated([...(await attestTpm()), other])).rejects.toMatchObject({
      code: 'EVIDENCE_AMBIGUOUS',
    })
  })
})

test('a key is restricted when it signs nothing else, and never left its TPM', () => {
  expect(isRestrictedSigner(area)).toBe(true)
  for (const bit of [1, 4, 5, 16, 18])
    expect(isRestrictedSigner({ ...area, attributes: area.attributes & ~(1 << bit) })).toBe(false)
  expect(isRestrictedSigner({ ...area, attributes: area.attributes | (1 << 17) })).toBe(false)
})
