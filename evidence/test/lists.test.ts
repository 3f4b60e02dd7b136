import {
  type AppraisalFailure,
  appraise,
  authenticate,
  type EvidenceFile,
  examine,
  parseCertificate,
  parseDocument,
  parseEvidence,
} from '@vouch/evidence'
import { concat, toHex } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { openSimulatedNitro } from '../../fixtures/simulated-nitro/index.js'
import { openSimulatedNvidia } from '../../fixtures/simulated-nvidia/index.js'
import { pemText, placeOf } from '../testing/bytes.js'
import { fileOf } from '../testing/files.js'
import { attestAzureTdx, quoteGuest } from '../testing/intel.js'
import { enclaveImage, nitroWith, publishedAt, REGION_LIST, ROOT_LIST, reissued } from '../testing/lists.js'
import {
  attest,
  authenticated,
  codesOf,
  NOW,
  policyJson,
  policyOf,
  rootsOf,
  vendor,
} from '../testing/simulated.js'
import { attestTpm } from '../testing/tpm.js'

// Revocation lists beside evidence of every kind: one is judged, or is named where it concerns nothing, and never dropped.

const DAY = 86_400
const inForce = { thisUpdate: NOW - DAY, nextUpdate: NOW + DAY, revoked: [] as readonly Uint8Array[] }
const nitro = openSimulatedNitro()
const nvidia = openSimulatedNvidia()
const nonce = new Uint8Array(32).fill(0x99)
const enclave = () => nitro.attest({ image: enclaveImage, at: NOW })
const device = () => nvidia.attest({ nonce })
const naming = (der: Uint8Array) => ({ ...inForce, revoked: [parseCertificate(der).serial] })
const chainIn = (files: readonly EvidenceFile[]) =>
  parseDocument(fileOf(files, 'attestation_doc.cbor').bytes).document

describe('with an attestation document', () => {
  test('a list that names no certificate of its chain leaves it be, and says until when it speaks', async () => {
    const lists = [
      await nitro.revoke('root', inForce),
      await nitro.revoke('intermediate', { ...inForce, thisUpdate: NOW - 2 * DAY, nextUpdate: NOW + 9 }),
    ]
    const { authentic, notChecked, failures } = await authenticated([...(await enclave()), ...lists])
    expect(failures).toEqual([])
    expect(authentic?.claims.collateral).toEqual({
      oldest: NOW - 2 * DAY,
      nextUpdate: NOW + 9,
      missing: [],
    })
    expect(notChecked).toEqual([])
  })

  test.each(['root', 'intermediate'] as const)(
    'a list of its %s that names what it issued is false',
    async (name) => {
      const files = await enclave()
      const { certificate, caBundle } = chainIn(files)
      const issued = name === 'root' ? caBundle[1] : certificate
      const list = await nitro.revoke(name, naming(issued ?? certificate))
      expect(await codesOf([...files, list])).toEqual(['CERTIFICATE_REVOKED'])
    },
  )

  test('a list that is out of date, or somebody else’s work, is false', async () => {
    const files = await enclave()
    const old = await nitro.revoke('root', { ...inForce, nextUpdate: NOW - 1 })
    expect(await codesOf([...files, old])).toEqual(['COLLATERAL_EXPIRED'])
    const { bytes, name } = await nitro.revoke('root', inForce)
    const forged = { name, bytes: bytes.with(-1, (bytes.at(-1) ?? 0) ^ 1) }
    expect(await codesOf([...files, forged])).toEqual(['CHAIN_FALSE'])
  })

  test('a list that the judge keeps counts when it is for this chain', async () => {
    const files = await enclave()
    const [, region] = chainIn(files).caBundle
    const kept = [
      await nitro.revoke('root', naming(region ?? new Uint8Array())),
      await vendor.revoke('root', inForce),
    ]
    const { evidence } = await parseEvidence(files, kept)
    const { failures } = await authenticate(evidence, NOW)
    expect(failures.map(({ code }) => code)).toEqual(['CERTIFICATE_REVOKED'])
  })

  test('no bit of a list can be another', async () => {
    const files = await enclave()
    const { name, bytes } = await nitro.revoke('root', inForce)
    for (let bit = 0; bit < 8 * bytes.length; bit += bit < 8 * 40 ? 1 : 13) {
      const flipped = { name, bytes: bytes.with(bit >> 3, (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))) }
      const { authentic } = await examine([...files, flipped], NOW)
      expect([bit, authentic]).toEqual([bit, undefined])
    }
  })
})

describe('a policy that requires lists', () => {
  const policy = (revocation: string) =>
    policyOf({
      ...policyJson,
      quota: 'none',
      evidence: {
        'simulated-nitro': {
          roots: rootsOf('simulated-nitro'),
          images: [{ pcr0: '01'.repeat(48), pcr1: '02'.repeat(48), pcr2: '03'.repeat(48) }],
          signers: [],
          debug: false,
        },
      },
      collateral: { ...policyJson.collateral, revocation },
    })
  /** An enclave under an authority that the root lists; its own certificate is listed by that authority, if it says so. */
  const listed = async (lists: readonly EvidenceFile[], certificate: object = {}) => {
    const files = await (await nitroWith({ extensions: publishedAt(ROOT_LIST) })).attest({
      image: enclaveImage,
      at: NOW,
      certificate,
    })
    const { authentic, notChecked, ignored, failures } = await examine([...files, ...lists], NOW)
    if (authentic === undefined) throw new Error(JSON.stringify(failures))
    const judged = (revocation: string): readonly AppraisalFailure[] =>
      appraise(authentic, policy(revocation), NOW, { nonce: null }).failures
    return { judged, notChecked, ignored, collateral: authentic.claims.collateral }
  }

  test('wants those that an enclave’s certificates say are published', async () => {
    const without = await listed([])
    expect(without.collateral.missing).toEqual(['SIMULATED-NITRO-ROOT'])
    expect(without.notChecked).toEqual([
      'revocation: no list of SIMULATED-NITRO-ROOT was given',
      'revocation of SIMULATED-ENCLAVE: no list is published that could name it',
    ])
    expect(without.judged('when_given')).toEqual([])
    expect(without.judged('required')).toMatchObject([
      {
        code: 'COLLATERAL_MISSING',
        field: 'collateral.revocation',
        given: 'no list of SIMULATED-NITRO-ROOT',
      },
    ])
    const given = await listed([await nitro.revoke('root', inForce)])
    expect(given.judged('required')).toEqual([])
  })

  test('wants that of each authority that publishes one', async () => {
    const lists = [await nitro.revoke('root', inForce)]
    const certificate = { extensions: publishedAt(REGION_LIST) }
    expect((await listed(lists, certificate)).collateral.missing).toEqual(['SIMULATED-NITRO-CA'])
    const all = [...lists, await nitro.revoke('intermediate', inForce)]
    expect((await listed(all, certificate)).judged('required')).toEqual([])
  })

  test('is not content with a list of somebody else', async () => {
    const list = await vendor.revoke('root', inForce)
    const { judged, ignored } = await listed([list])
    expect(ignored).toEqual([list.name])
    expect(judged('required').map(({ code }) => code)).toEqual(['COLLATERAL_MISSING'])
  })
})

describe('with devices', () => {
  test('a list of the root that names a device is false, and one that does not leaves it be', async () => {
    const files = await device()
    expect(await codesOf([...files, await nvidia.revoke('root', inForce)])).toEqual([])
    const list = await nvidia.revoke('root', naming(fileOf(files, 'device.der').bytes))
    expect(await codesOf([...files, list])).toEqual(['CERTIFICATE_REVOKED'])
    const old = await nvidia.revoke('root', { ...inForce, nextUpdate: NOW - 1 })
    expect(await codesOf([...files, old])).toEqual(['COLLATERAL_EXPIRED'])
  })

  test('a list is judged beside a machine too, and the machine’s own with it', async () => {
    const files = [...(await attest()), ...(await device())]
    const lists = [
      await vendor.revoke('root', { ...inForce, nextUpdate: NOW + 7 }),
      await nvidia.revoke('root', { ...inForce, thisUpdate: NOW - 300 * DAY, nextUpdate: NOW + 5 }),
    ].map((list, i) => ({ ...list, name: `${i}.crl` }))
    const { authentic, failures, ignored } = await examine([...files, ...lists], NOW)
    expect([failures, ignored]).toEqual([[], []])
    // A device's list ends what rests on it; how old it may be, a policy for the machine's does not say.
    expect(authentic?.claims.collateral).toEqual({ oldest: NOW - DAY, nextUpdate: NOW + 5, missing: [] })
    const revoked = await nvidia.revoke('root', naming(fileOf(files, 'device.der').bytes))
    expect(await codesOf([...files, revoked])).toEqual(['CERTIFICATE_REVOKED'])
  })

  test('what is not checked of several is said once', async () => {
    const messages = await Promise.all(
      [1, 2].map(async (byte) => {
        const files = await nvidia.attest({
          nonce: new Uint8Array(32).fill(byte),
          fields: { trailing: new Uint8Array(3) },
        })
        return { ...fileOf(files, 'evidence.bin'), name: `${byte}.bin` }
      }),
    )
    const { failures, notChecked } = await authenticated([...(await device()).slice(1), ...messages])
    expect(failures).toEqual([])
    expect(notChecked).toEqual([...new Set(notChecked)])
    expect(notChecked).toContain('3 bytes of zeros behind a signature: padding')
    expect(notChecked).toContain('revocation of SIMULATED-GPU: no list is published that could name it')
  })

  test('a policy that requires lists wants those that the devices’ certificates say are published', async () => {
    const published = await reissued('simulated-nvidia', 'device', {
      extensions: publishedAt('http://crl.ndis.nvidia.com/crl/l1-root.crl'),
    })
    const devices = (await device()).map((file) =>
      file.name === 'device.der' ? { ...file, bytes: published } : file,
    )
    const machine = await attest()
    const missing = async (lists: readonly EvidenceFile[]) =>
      (await authenticated([...machine, ...devices, ...lists])).authentic?.claims.collateral.missing
    expect(await missing([])).toEqual(['SIMULATED-ARK', 'SIMULATED-NVIDIA-ROOT'])
    expect(await missing([await nvidia.revoke('root', inForce)])).toEqual(['SIMULATED-ARK'])
  })
})

describe('a list that concerns none of the evidence', () => {
  test.each<[string, () => Promise<readonly EvidenceFile[]>, () => Promise<EvidenceFile>]>([
    ['a document', enclave, () => vendor.revoke('root', inForce)],
    ['devices', device, () => vendor.revoke('root', inForce)],
    ['a report', () => attest(), () => nitro.revoke('root', inForce)],
    ['a quote', () => quoteGuest(), () => nitro.revoke('root', inForce)],
    ['a TPM', () => attestTpm(), () => nitro.revoke('root', inForce)],
    ['a machine of Azure', () => attestAzureTdx(), () => nitro.revoke('root', inForce)],
  ])('is named beside %s, and changes no verdict', async (_, files, list) => {
    const given = await files()
    const stranger = { ...(await list()), name: 'stranger.crl' }
    const [without, beside] = [await examine(given, NOW), await examine([...given, stranger], NOW)]
    expect(without.authentic).toBeDefined()
    expect(beside.authentic?.claims).toEqual(without.authentic?.claims)
    expect(beside.ignored).toEqual(['stranger.crl'])
  })

  test('is named by its issuer where its file holds more', async () => {
    const [{ bytes: first }, { bytes: second }] = [
      await nitro.revoke('root', inForce),
      await vendor.revoke('root', inForce),
    ]
    const both = { name: 'lists.pem', bytes: concat(pemText(first, 'X509 CRL'), pemText(second, 'X509 CRL')) }
    const { authentic, ignored } = await examine([...(await enclave()), both], NOW)
    expect(ignored).toEqual(['lists.pem: the revocation list of SIMULATED-ARK'])
    expect(authentic?.claims.collateral.nextUpdate).toBe(inForce.nextUpdate)
  })

  test('hides nothing beside a file that cannot be read: false evidence stays false', async () => {
    const [document = { name: '', bytes: new Uint8Array() }] = await enclave()
    const { bytes } = document
    const forged = { ...document, bytes: bytes.with(-1, (bytes.at(-1) ?? 0) ^ 1) } // in its signature
    const stranger = { ...(await vendor.revoke('root', inForce)), name: 'stranger.crl' }
    const PEM = '-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n'
    const damaged = { name: 'damaged.pem', bytes: new TextEncoder().encode(PEM) }
    const { failures, ignored } = await examine([forged, stranger, damaged], NOW)
    expect(failures.map(({ code }) => code)).toEqual(['EVIDENCE_SIGNATURE_FALSE'])
    expect(ignored).toEqual(['stranger.crl'])
  })

  test('is none when its name differs from an issuer’s in one byte: it may be a damaged one', async () => {
    const { name, bytes } = await nitro.revoke('root', inForce)
    const damaged = { name, bytes: bytes.with(placeOf('SIMULATED-NITRO-ROOT', bytes), 'X'.charCodeAt(0)) }
    const { ignored, failures } = await examine([...(await enclave()), damaged], NOW)
    expect([ignored, failures.map(({ code }) => code)]).toEqual([[], ['COLLATERAL_MISSING']])
    const list = await nvidia.revoke('root', inForce)
    const at = placeOf('SIMULATED-NVIDIA-ROOT', list.bytes)
    const ofDevices = { ...list, bytes: list.bytes.with(at, 'X'.charCodeAt(0)) }
    expect(await codesOf([...(await device()), ofDevices])).toEqual(['COLLATERAL_MISSING'])
  })
})

describe('a list is taken from an issuer alone that may sign lists', () => {
  test('not from one that may sign certificates and no more', async () => {
    const CERTIFICATES = 0x04
    const weak = await nitroWith({ keyUsage: CERTIFICATES })
    const files = await weak.attest({ image: enclaveImage, at: NOW })
    expect(await codesOf(files)).toEqual([])
    const { failures } = await authenticated([...files, await weak.revoke('intermediate', inForce)])
    expect(failures.map(({ code, rule }) => [code, rule])).toEqual([
      ['CHAIN_FALSE', 'SIMULATED-NITRO-CA must be allowed to sign revocation lists (cRLSign)'],
    ])
  })

  test('not from a device, which certifies keys', async () => {
    expect(await codesOf([...(await device()), await nvidia.revoke('device', inForce)])).toEqual([
      'CHAIN_FALSE',
    ])
  })
})

test('the simulated roots and authorities may sign lists, as the vendors’ may', async () => {
  const { caBundle } = chainIn(await enclave())
  for (const der of [...caBundle, fileOf(await device(), 'root.der').bytes])
    expect(toHex(parseCertificate(der).extensions.get('2.5.29.15')?.value ?? new Uint8Array())).toBe(
      '03020106',
    )
})
