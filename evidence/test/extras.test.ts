import { type EvidenceFile, examine, parseHcl } from '@vouch/evidence'
import { concat, fromHex } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { parseRuntimeData } from '../src/vendors/azure/runtime-data.js'
import { commonNamed } from '../src/x509/issue/certificates.js'
import { keyCertificate } from '../src/x509/issue/key-certificate.js'
import { type Issuer, RSA_SHA256 } from '../src/x509/issue/schemes.js'
import { fileOf, flipped, jsonBytes, textOf, utf8, withFile } from '../testing/files.js'
import { attestAzureTdx, quoteGuest } from '../testing/intel.js'
import { allCodes } from '../testing/quotes.js'
import { judge, openSample, time } from '../testing/samples.js'
import { NOW } from '../testing/simulated.js'
import { attestAzure } from '../testing/tpm.js'

// Genuine files that evidence does not need, as tools write them beside evidence: they change no verdict. What only looks like one
// of them is refused as before.

describe('the identity of Intel’s enclave that verifies quotes (QvE)', () => {
  /** Of the form that Intel publishes: that of a quoting enclave, under another id. */
  const qve = async (id = 'QVE'): Promise<EvidenceFile> => {
    const text = textOf(fileOf(await quoteGuest(), 'qe_identity.json').bytes)
    return { name: `${id}.json`, bytes: utf8(text.replace('"id":"TD_QE"', `"id":"${id}"`)) }
  }

  test('changes nothing beside good evidence, and is said to be for no quote', async () => {
    const files = [...(await quoteGuest()), await qve()]
    expect(await allCodes(files)).toEqual([])
    const { notChecked } = await examine(files, NOW)
    expect(notChecked).toContain('identity of the quoting enclave QVE: it is not for this quote')
  })

  test('stands in for no identity of the quoting enclave', async () => {
    const files = (await quoteGuest()).filter(({ name }) => name !== 'qe_identity.json')
    expect(await allCodes([...files, await qve()])).toEqual(['COLLATERAL_MISSING'])
  })

  test('under an unknown id is refused, and so are two that differ', async () => {
    expect(await allCodes([...(await quoteGuest()), await qve('XQE')])).toEqual(['VALUE_MALFORMED'])
    const first = await qve()
    const other = {
      name: 'other.json',
      bytes: utf8(textOf(first.bytes).replace('"isvprodid":2', '"isvprodid":3')),
    }
    expect(await allCodes([...(await quoteGuest()), first, other])).toEqual(['COLLATERAL_CONFLICT'])
  })
})

describe('a file of collateral whose chain is null', () => {
  const NAME = 'tdx/v4-uptodate-b0c06f'
  test('is read: the quote carries the chain', async (context) => {
    needs.samples(context)
    const { given, expected } = openSample(NAME)
    const quote = fileOf(given, 'quote.bin')
    const members = JSON.parse(textOf(fileOf(given, 'collateral.json').bytes)) as object
    const exit = (changes: object) =>
      judge(
        [quote, { name: 'collateral.json', bytes: jsonBytes({ ...members, ...changes }) }],
        time(expected.verification_time),
      )
    expect(await exit({ pck_certificate_chain: null })).toBe(0)
    // Nothing else may be null, and a chain is a text.
    for (const changes of [
      { pck_certificate_chain: 5 },
      { pck_certificate_chain: {} },
      { tcb_info: null },
      { pck_crl: null },
      { pck_crl_issuer_chain: null },
    ])
      expect([changes, await exit(changes)]).toEqual([changes, 4])
  })
})

const MACHINES = [
  ['SEV-SNP', attestAzure],
  ['TDX', attestAzureTdx],
] as const

describe.each(MACHINES)(
  'the certificate of the virtual TPM’s key beside a machine of Azure on %s',
  (_, machine) => {
    const LIFE = { notBefore: NOW - 60, notAfter: NOW + 60 }
    const RSA = { ...RSA_SHA256.key, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) }

    /** An authority of Azure's that is pinned nowhere, and a certificate by it. */
    async function chain(files: readonly EvidenceFile[], root: 'known' | 'unknown' = 'known') {
      const { hcl } = parseHcl(fileOf(files, 'hcl_report.bin').bytes)
      const { attestationKey } = parseRuntimeData(hcl.runtimeData)
      const pair = await crypto.subtle.generateKey(RSA, true, ['sign', 'verify'])
      const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey))
      const issuer: Issuer = {
        subject: commonNamed('Virtual TPM CA'),
        key: pair.privateKey,
        scheme: RSA_SHA256,
      }
      // Authorities that are pinned nowhere may sign with what no pinned one does.
      const identifier = root === 'known' ? RSA_SHA256.identifier : MD5_WITH_RSA
      const scheme = { ...RSA_SHA256, identifier }
      const certify = (content: { commonName: string; spki: Uint8Array; pathLength?: number }, by = issuer) =>
        keyCertificate({ serial: 7, ...LIFE, ...content }, by)
      const ak = await certify({ commonName: 'vm.Azure.windows.net', spki: attestationKey })
      const ca = await certify({ commonName: 'Virtual TPM CA', spki, pathLength: 0 }, { ...issuer, scheme })
      const others = await certify({ commonName: 'other.Azure.windows.net', spki })
      const file = (name: string, bytes: Uint8Array): EvidenceFile => ({ name, bytes })
      return { ak: file('ak.der', ak), ca: file('ca.der', ca), others: file('others.der', others) }
    }

    test('changes nothing, with its chain or without', async () => {
      const files = await machine()
      for (const root of ['known', 'unknown'] as const) {
        const { ak, ca } = await chain(files, root)
        expect(await allCodes([...files, ak, ca])).toEqual([])
        expect(await allCodes([...files, ak])).toEqual([])
      }
      const { ak } = await chain(files)
      expect((await examine([...files, ak], NOW)).notChecked).toContain(
        'the root of the certificate of HCLAkPub: the processor’s report vouches for the key',
      )
    })

    test('may have bytes behind it, as the index has that it is read from: they are said aloud', async () => {
      const files = await machine()
      const { ak, ca } = await chain(files)
      for (const behind of [new Uint8Array(900), Uint8Array.of(1, 2, 3)]) {
        const longer = { ...ak, bytes: concat(ak.bytes, behind) }
        expect(await allCodes([...files, longer, ca])).toEqual([])
        const { notChecked } = await examine([...files, longer, ca], NOW)
        expect(notChecked).toContain(`${behind.length} bytes behind a certificate that nothing rests on`)
      }
    })

    test('must hide nothing behind it, and no other certificate may have bytes behind it', async () => {
      const files = await machine()
      const { ak, ca } = await chain(files)
      const hidden = { ...ak, bytes: concat(ak.bytes, new Uint8Array(40), ca.bytes) }
      expect(await allCodes([...files, hidden])).toEqual(['EVIDENCE_TRAILING'])
      const longer = { ...ak, bytes: concat(ak.bytes, new Uint8Array(4097)) }
      expect(await allCodes([...files, longer])).toEqual(['EVIDENCE_TRAILING'])
      const longCa = { ...ca, bytes: concat(ca.bytes, new Uint8Array(3)) }
      expect(await allCodes([...files, ak, longCa])).toEqual(['EVIDENCE_TRAILING'])
      const needed = files.find(({ name }) => name.endsWith('.der'))?.name ?? ''
      expect(await allCodes(withFile(files, needed, (bytes) => concat(bytes, new Uint8Array(3))))).toEqual([
        'EVIDENCE_TRAILING',
      ])
    })

    test('of another machine is false, and so is a damaged one', async () => {
      const files = await machine()
      const { ak, ca, others } = await chain(files)
      expect(await allCodes([...files, others, ca])).toEqual(['COLLATERAL_CONFLICT'])
      expect(await judge([...files, others, ca], NOW)).toBe(2)
      expect(await allCodes([...files, { ...ak, bytes: flipped(ak.bytes, -1) }, ca])).toEqual(['CHAIN_FALSE'])
      expect(await allCodes([...files, ak, { ...ca, bytes: flipped(ca.bytes, -1) }])).toEqual(['CHAIN_FALSE'])
    })
  },
)

/** md5WithRSAEncryption, its parameters NULL. */
const MD5_WITH_RSA = fromHex('300d06092a864886f70d0101040500')
