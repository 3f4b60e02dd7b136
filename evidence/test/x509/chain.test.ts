import { type Certificate, parseCertificate } from '@vouch/evidence'
import { Checks, fromHex } from '@vouch/protocol'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import { describe, expect, test } from 'vitest'
import { parseDer } from '../../src/core/der/der.js'
import { integer, oid, sequence, value } from '../../src/core/der/write.js'
import { readEndorsement } from '../../src/vendors/snp/endorsement.js'
import { isSigned } from '../../src/x509/algorithms.js'
import { checkPath, type Path } from '../../src/x509/chain.js'
import { RSA_SHA256 } from '../../src/x509/issue/schemes.js'
import { attest, NOW } from '../../testing/simulated.js'

const [, ...files] = await attest()
const [leaf, intermediate, root] = files.map(({ bytes }) => parseCertificate(bytes)) as unknown as readonly [
  Certificate,
  Certificate,
  Certificate,
]

async function codes(path: Path): Promise<readonly string[]> {
  const checks = new Checks()
  await checkPath(checks, path, NOW)
  return checks.failures.map(({ code }) => code)
}

const BASIC_CONSTRAINTS = '2.5.29.19'
const KEY_USAGE = '2.5.29.15'

/** A certificate with an extension replaced, added, or left out. */
function withExtension(
  certificate: Certificate,
  id: string,
  hex: string | undefined,
  critical = true,
): Certificate {
  const extensions = new Map(certificate.extensions)
  if (hex === undefined) extensions.delete(id)
  else extensions.set(id, { critical, value: fromHex(hex) })
  return { ...certificate, extensions }
}

describe('a path', () => {
  test('holds as the vendor made it', async () => {
    expect(await codes([leaf, intermediate, root])).toEqual([])
  })

  test.each([
    ['basic constraints', BASIC_CONSTRAINTS, undefined],
    ['the right to issue', BASIC_CONSTRAINTS, '3000'],
    ['the right to issue, spelled out', BASIC_CONSTRAINTS, '3003010100'],
    ['a key usage', KEY_USAGE, undefined],
    ['a key usage for certificates', KEY_USAGE, '03020780'],
  ])('does not hold over an intermediate without %s', async (_, id, hex) => {
    expect(await codes([leaf, withExtension(intermediate, id, hex), root])).toEqual(['CHAIN_FALSE'])
  })

  test('does not hold under a root that may not stand so far above', async () => {
    expect(
      await codes([leaf, intermediate, withExtension(root, BASIC_CONSTRAINTS, '30060101ff020100')]),
    ).toEqual(['CHAIN_FALSE'])
  })

  test('does not hold when a certificate names one issuer and another signed it', async () => {
    expect(await codes([{ ...leaf, issuer: root.subject }, intermediate, root])).toEqual(['CHAIN_FALSE'])
  })

  test('does not hold with a critical extension that nobody here understands', async () => {
    expect(await codes([withExtension(leaf, '1.2.3', '0500'), intermediate, root])).toEqual([
      'ALGORITHM_UNKNOWN',
    ])
  })

  test('holds with an extension that is unknown and not critical', async () => {
    expect(await codes([withExtension(leaf, '1.2.3', '0500', false), intermediate, root])).toEqual([])
  })

  test.each([
    ['names', '2.5.29.30'],
    ['policies', '2.5.29.36'],
    ['policies through anyPolicy', '2.5.29.54'],
  ])(
    'does not hold where an issuer may not vouch for all %s, whether that is marked critical or not',
    async (_, id) => {
      for (const critical of [true, false])
        expect(await codes([leaf, withExtension(intermediate, id, '3000', critical), root])).toEqual([
          'ALGORITHM_UNKNOWN',
        ])
    },
  )

  test('does not hold when one is left out, or they change places', async () => {
    expect(new Set(await codes([leaf, root]))).toEqual(new Set(['CHAIN_FALSE']))
    expect(new Set(await codes([leaf, root, intermediate]))).toEqual(new Set(['CHAIN_FALSE']))
  })
})

describe('signatures', () => {
  const SHA_256 = sequence(oid('2.16.840.1.101.3.4.2.1'), value(0x05))
  const SHA_384 = sequence(oid('2.16.840.1.101.3.4.2.2'), value(0x05))
  const BARE_SHA_384 = sequence(oid('2.16.840.1.101.3.4.2.2'))
  const pss = ({ hash = SHA_384, mask = SHA_384, salt = 48, trailer = 0 }) =>
    sequence(
      oid('1.2.840.113549.1.1.10'),
      sequence(
        value(0xa0, hash),
        value(0xa1, sequence(oid('1.2.840.113549.1.1.8'), mask)),
        value(0xa2, integer(salt)),
        ...(trailer === 0 ? [] : [value(0xa3, integer(trailer))]),
      ),
    )
  const judged = (algorithm: Uint8Array): Promise<boolean> =>
    isSigned(intermediate.spki, {
      algorithm: parseDer(algorithm, 'algorithm'),
      signature: leaf.signature,
      content: leaf.tbs,
    })

  test.each([
    ['as they are', pss({})],
    ['with the trailer field spelled out, as AMD does', pss({ trailer: 1 })],
    ['with hashes without parameters', pss({ hash: BARE_SHA_384, mask: BARE_SHA_384 })],
  ])('hold %s', async (_, algorithm) => {
    expect(await judged(algorithm)).toBe(true)
  })

  test.each([
    ['another hash', pss({ hash: SHA_256 })],
    ['another hash in the mask', pss({ mask: SHA_256 })],
    ['less salt', pss({ salt: 32 })],
    ['another trailer', pss({ trailer: 2 })],
    ['PKCS #1 v1.5', sequence(oid('1.2.840.113549.1.1.12'), value(0x05))],
    ['SHA-1', sequence(oid('1.2.840.113549.1.1.5'), value(0x05))],
    ['no parameters', sequence(oid('1.2.840.113549.1.1.10'))],
    ['nothing', sequence()],
  ])('by %s are not understood', async (_, algorithm) => {
    await expect(judged(algorithm)).rejects.toMatchObject({ code: 'ALGORITHM_UNKNOWN' })
  })

  test('under an RSA key of fewer than 2048 bits are not judged', async () => {
    const content = new TextEncoder().encode('content')
    const signedBy = async (modulusLength: number): Promise<boolean> => {
      const scheme = { ...RSA_SHA256.key, modulusLength, publicExponent: Uint8Array.of(1, 0, 1) }
      const { privateKey, publicKey } = await crypto.subtle.generateKey(scheme, true, ['sign', 'verify'])
      const signature = await RSA_SHA256.sign(privateKey, content)
      const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
      const algorithm = parseDer(sequence(oid('1.2.840.113549.1.1.11'), value(0x05)), 'algorithm')
      return isSigned(spki, { algorithm, signature, content })
    }
    expect(await signedBy(2048)).toBe(true)
    await expect(signedBy(1024)).rejects.toMatchObject({ code: 'ALGORITHM_UNKNOWN' })
  })

  test('by what is no key are undecidable', async () => {
    const algorithm = parseDer(pss({}), 'algorithm')
    const { signature, tbs: content } = leaf
    await expect(isSigned(leaf.spki, { algorithm, signature, content })).rejects.toMatchObject({
      code: 'KEY_MALFORMED',
    })
  })
})

describe('the certificate of a chip’s key', () => {
  const PRODUCT = '1.3.6.1.4.1.3704.1.2'
  const VERSION = '1.3.6.1.4.1.3704.1.1'
  const MICROCODE = '1.3.6.1.4.1.3704.1.3.8'
  const HARDWARE = '1.3.6.1.4.1.3704.1.4'
  const CLOUD = '1.3.6.1.4.1.3704.1.5'

  test('may wrap the hardware id', () => {
    const { hwId } = readEndorsement(leaf)
    expect(readEndorsement(withExtension(leaf, HARDWARE, `0440${'c1'.repeat(64)}`)).hwId).toEqual(hwId)
  })

  test.each([
    ['without a product', PRODUCT, undefined, 'CERTIFICATE_MALFORMED'],
    ['with a product of another type', PRODUCT, '0c0141', 'CERTIFICATE_MALFORMED'],
    ['with a patch level of two bytes', MICROCODE, '02020100', 'CERTIFICATE_MALFORMED'],
    ['with a patch level of another type', MICROCODE, '0500', 'CERTIFICATE_MALFORMED'],
    ['for a chip and a cloud', CLOUD, '160141', 'CERTIFICATE_MALFORMED'],
    ['of a later structure', VERSION, '020102', 'VERSION_UNKNOWN'],
  ])('%s is refused', (_, id, hex, code) => {
    expect(refusalOf(() => readEndorsement(withExtension(leaf, id, hex))).code).toBe(code)
  })
})
