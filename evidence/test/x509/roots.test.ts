import { type EvidenceFile, parseCertificate, parseQuote } from '@vouch/evidence'
import { concat, fromHex } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import * as intelKeys from '../../../fixtures/simulated-intel/index.js'
import * as nvidiaKeys from '../../../fixtures/simulated-nvidia/index.js'
import * as tpmKeys from '../../../fixtures/simulated-tpm/index.js'
import * as vendorKeys from '../../../fixtures/simulated-vendor/index.js'
import { needs } from '../../../test/support/needs.js'
import { bitString, sequence } from '../../src/core/der/write.js'
import { ECDSA_SHA256, ECDSA_SHA384, PSS_SHA384, RSA_SHA256 } from '../../src/x509/issue/schemes.js'
import { pemBytes, pemText, placeOf } from '../../testing/bytes.js'
import { fileOf, flipped, textOf, utf8, withFile } from '../../testing/files.js'
import { quoteGuest } from '../../testing/intel.js'
import { allCodes, requoted } from '../../testing/quotes.js'
import { renewedRoot } from '../../testing/roots.js'
import { judge, openSample, time } from '../../testing/samples.js'
import { attest, codesOf, NOW } from '../../testing/simulated.js'
import { attestTpm } from '../../testing/tpm.js'

// A pinned root is its key: vendors renew its certificate, and evidence comes with the one, the other, or both.

const DAY = 86_400
const OLD = { notAfter: NOW + DAY }
const TO_COME = { notBefore: NOW + DAY, notAfter: NOW + 2 * DAY }
const EXPIRED = { notAfter: NOW - DAY }
const intelRoot = intelKeys.pem('root.pem')
const renewedIntel = (content: object = OLD) =>
  renewedRoot(intelRoot, intelKeys.pem('root.key.pem'), ECDSA_SHA256, content)

/** The certificates in a quote, in DER. */
function chainIn(files: readonly EvidenceFile[]): readonly Uint8Array[] {
  const { pckChain } = parseQuote(fileOf(files, 'quote.bin').bytes).quote
  return (textOf(pckChain).match(/-----BEGIN CERTIFICATE-----[^-]+/g) ?? []).map(pemBytes)
}

/** A simulated quote that carries this root, with that root beside it. */
async function withRoots(inQuote: Uint8Array, beside: Uint8Array): Promise<readonly EvidenceFile[]> {
  const files = await quoteGuest()
  const pckChain = concat(...chainIn(files).slice(0, 2), inQuote)
  return [...requoted(files, { pckChain }), { name: 'root.der', bytes: beside }]
}

describe('two certificates of Intel’s root with one key', () => {
  test('are one root, whichever the quote carries', async () => {
    const renewed = await renewedIntel()
    expect(parseCertificate(renewed).notAfter).not.toBe(parseCertificate(intelRoot).notAfter)
    expect(await allCodes(await withRoots(renewed, intelRoot))).toEqual([])
    expect(await allCodes(await withRoots(intelRoot, renewed))).toEqual([])
    expect(await allCodes(await withRoots(renewed, renewed))).toEqual([])
  })

  test('are in force as long as one of them is', async () => {
    const expired = await renewedIntel(EXPIRED)
    expect(await allCodes(await withRoots(expired, intelRoot))).toEqual([])
    expect(await allCodes(await withRoots(intelRoot, expired))).toEqual([])
    expect(await allCodes(await withRoots(expired, expired))).toEqual(['CERTIFICATE_EXPIRED'])
    // The one that is in force counts, not the one that lasts longest.
    const [current, next] = [await renewedIntel(OLD), await renewedIntel(TO_COME)]
    expect(await allCodes(await withRoots(current, next))).toEqual([])
    expect(await allCodes(await withRoots(next, current))).toEqual([])
    expect(await allCodes(await withRoots(next, next))).toEqual(['CERTIFICATE_EXPIRED'])
  })

  test('are false when one of them is damaged', async () => {
    const damaged = flipped(await renewedIntel(), -1)
    expect(new Set(await allCodes(await withRoots(damaged, intelRoot)))).toEqual(new Set(['CHAIN_FALSE']))
    expect(new Set(await allCodes(await withRoots(intelRoot, damaged)))).toEqual(new Set(['CHAIN_FALSE']))
  })

  test('are two when their keys differ, under any name', async () => {
    const { publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
    ])
    const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
    const stranger = await renewedIntel({ spki })
    for (const files of [await withRoots(stranger, intelRoot), await withRoots(intelRoot, stranger)])
      expect(await allCodes(files)).toContain('COLLATERAL_CONFLICT')
  })

  test('stay two when they are no roots: an issuer is the one that signed', async () => {
    const files = await quoteGuest()
    const [, issuer = new Uint8Array()] = chainIn(files)
    const again = await renewedRoot(issuer, intelKeys.pem('root.key.pem'), ECDSA_SHA256, OLD)
    expect(await allCodes([...files, { name: 'issuer.der', bytes: again }])).toContain('COLLATERAL_CONFLICT')
  })
})

describe('two certificates of a root with one key are one root', () => {
  test.each<[string, () => Promise<readonly EvidenceFile[]>, () => Promise<Uint8Array>]>([
    [
      'of AMD',
      attest,
      () => renewedRoot(vendorKeys.pem('root.pem'), vendorKeys.pem('root.key.pem'), PSS_SHA384, OLD),
    ],
    [
      'of TPMs',
      attestTpm,
      () => renewedRoot(tpmKeys.pem('root.pem'), tpmKeys.pem('root.key.pem'), RSA_SHA256, OLD),
    ],
    [
      'of NVIDIA',
      () => nvidiaKeys.openSimulatedNvidia().attest({ nonce: new Uint8Array(32) }),
      () => renewedRoot(nvidiaKeys.pem('root.pem'), nvidiaKeys.pem('root.key.pem'), ECDSA_SHA384, OLD),
    ],
  ])('%s', async (_, evidence, renew) => {
    const files = await evidence()
    const renewed = { name: 'renewed.der', bytes: await renew() }
    expect(await codesOf(files)).toEqual([])
    expect(await codesOf([...files, renewed])).toEqual([])
    expect(await codesOf([renewed, ...files])).toEqual([])
    expect(await codesOf(withFile(files, 'root.der', () => renewed.bytes))).toEqual([])
    const damaged = { ...renewed, bytes: flipped(renewed.bytes, -1) }
    expect(new Set(await codesOf([...files, damaged]))).toEqual(new Set(['CHAIN_FALSE']))
  })
})

describe('Intel’s certificates of its root to 2033 and to 2049', () => {
  const NAME = 'tdx/v4-uptodate-b0c06f'
  /** The signature under the certificate to 2033, which has other dates and another address of the list. */
  const SIGNATURE = fromHex(
    '30450220410b3fd3caf271d3dab82164f143d05c230096c96805eecdc1a4064dc7696b41022100' +
      '94b7c486bf12a68e970cff3d163fd0efa3c87693976ed625837419009fed2288',
  )
  const replaced = (bytes: Uint8Array, from: string, to: string): Uint8Array => {
    const at = placeOf(from, bytes)
    return concat(bytes.subarray(0, at), utf8(to), bytes.subarray(at + to.length))
  }

  /** The certificate to 2033, made of the one to 2049. */
  function older(der: Uint8Array): Uint8Array {
    const { tbs, signatureAlgorithm } = parseCertificate(der)
    const dated = replaced(replaced(tbs, '180521104510Z', '180521104111Z'), '491231235959Z', '330521104110Z')
    const content = replaced(dated, 'IntelSGXRootCA.der', 'IntelSGXRootCA.crl')
    return sequence(content, signatureAlgorithm.raw, bitString(SIGNATURE))
  }

  test('are one root, whichever the quote or the collateral has', async (context) => {
    needs.samples(context)
    const { given, expected } = openSample(NAME)
    const at = time(expected.verification_time)
    const root = pemBytes(textOf(fileOf(given, 'intel_sgx_root_ca.pem').bytes))
    const old = older(root)
    const [leaf, issuer] = chainIn(given)
    if (leaf === undefined || issuer === undefined) throw new Error('there must be a chain')
    const inPem = (der: Uint8Array) => textOf(pemText(der))
    const others = ['quote.bin', 'tcb_info.json', 'qe_identity.json', 'pck_crl.der', 'root_ca_crl.der']
    const [signing = ''] = textOf(fileOf(given, 'tcb_signing_chain.pem').bytes).split('-----END')
    const evidence = (inQuote: Uint8Array, inCollateral: Uint8Array): readonly EvidenceFile[] => [
      ...requoted(
        given.filter(({ name }) => others.includes(name)),
        { pckChain: utf8([leaf, issuer, inQuote].map(inPem).join('')) },
      ),
      { name: 'chain.pem', bytes: utf8([pemBytes(signing), inCollateral].map(inPem).join('')) },
    ]
    for (const [inQuote, inCollateral] of [
      [root, root],
      [old, root],
      [root, old],
      [old, old],
    ] as const)
      expect(await judge(evidence(inQuote, inCollateral), at)).toBe(0)
    expect(await judge(evidence(flipped(old, -1), root), at)).toBe(2)
    expect(await judge(evidence(root, flipped(old, -1)), at)).toBe(2)
  })
})
