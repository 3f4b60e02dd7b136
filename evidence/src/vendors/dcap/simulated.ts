import { sha256 } from '@noble/hashes/sha2.js'
import { concat } from '@vouch/protocol'
import type { EvidenceFile } from '../../core/file.js'
import { simulatedRevocationList } from '../../x509/issue/certificates.js'
import { ECDSA_SHA256, type Issuer, issuerOf, rawSignature, signingKey } from '../../x509/issue/schemes.js'
import { encodeQuote, encodeSignedPart } from './quote.js'
import { encodeEnclaveReport } from './reports.js'
import { type PckContent, pckCertificate } from './simulated-pck.js'
import {
  QE_ATTRIBUTES,
  QE_SIGNER,
  qeIdentityJson,
  SIMULATED_PLATFORM,
  tcbInfoJson,
} from './simulated-tcb-info.js'
import type { EnclaveReport, Quote, TdReport } from './types.js'

/** The simulated SGX root with what hangs from it, in DER: `fixtures/simulated-intel`. All keys are public. */
export interface SimulatedIntelKeys {
  readonly root: Uint8Array
  readonly rootKey: Uint8Array
  readonly platformCa: Uint8Array
  readonly platformCaKey: Uint8Array
  readonly tcbSigning: Uint8Array
  readonly tcbSigningKey: Uint8Array
  readonly pckKey: Uint8Array
  readonly pckSpki: Uint8Array
  readonly attestationKey: Uint8Array
  readonly attestationSpki: Uint8Array
}

/** A platform that does not exist. */
export interface SimulatedIntelPlatform {
  /** 16 bytes. */
  readonly ppid: Uint8Array
  /** What its certificate says otherwise than an ordinary one. */
  readonly certificate?: Partial<PckContent>
}

/** What a simulated quote says. */
export interface SimulatedDcapQuote {
  readonly version?: Quote['version']
  readonly report: TdReport | EnclaveReport
  /** Parts of the quote otherwise than all this makes them; those that are signed are signed so. */
  readonly fields?: Partial<Omit<Quote, 'report' | 'version'>>
}

/** What comes along with a quote, and until when it is in force. */
export interface SimulatedDcapCollateral {
  readonly issued: number
  readonly nextUpdate: number
  /** Members of TCB info and identity that are otherwise. */
  readonly tcbInfo?: Readonly<Record<string, unknown>>
  readonly identity?: Readonly<Record<string, unknown>>
  /** Serial numbers on the lists. */
  readonly revokedByRoot?: readonly Uint8Array[]
  readonly revokedByPlatformCa?: readonly Uint8Array[]
}

/** Makes quotes, byte for byte as Intel's, that are worth nothing. */
export interface SimulatedIntel {
  /** A quote with the PCK's chain inside, and all collateral in files of its own. */
  attest(
    platform: SimulatedIntelPlatform,
    quote: SimulatedDcapQuote,
    collateral: SimulatedDcapCollateral,
  ): Promise<readonly EvidenceFile[]>
}

export function simulatedIntel(keys: SimulatedIntelKeys): SimulatedIntel {
  const importKey = (pkcs8: Uint8Array) => signingKey(pkcs8, ECDSA_SHA256.key)
  return {
    async attest({ ppid, certificate }, { version = 4, report, fields = {} }, collateral) {
      const root = await issuerOf(keys.root, keys.rootKey, ECDSA_SHA256)
      const platformCa = await issuerOf(keys.platformCa, keys.platformCaKey, ECDSA_SHA256)
      const tcbSigning = await importKey(keys.tcbSigningKey)
      const content = { ...SIMULATED_PLATFORM, ppid, spki: keys.pckSpki, ...certificate }
      const chain = [await pckCertificate(content, platformCa), keys.platformCa, keys.root]
      const quote = await signedQuote(
        { version, report, pckChain: new TextEncoder().encode(chain.map(pem).join('')), ...fields },
        {
          attestation: await importKey(keys.attestationKey),
          point: keys.attestationSpki.slice(-64),
          pck: await importKey(keys.pckKey),
        },
      )
      const { issued: thisUpdate, nextUpdate, revokedByRoot = [], revokedByPlatformCa = [] } = collateral
      const list = (revoked: readonly Uint8Array[], by: Issuer) =>
        simulatedRevocationList({ thisUpdate, nextUpdate, revoked }, by)
      const tee = report.body === 'sgx' ? 'SGX' : 'TDX'
      return [
        { name: 'quote.bin', bytes: quote },
        {
          name: 'tcb_info.json',
          bytes: await signedJson('tcbInfo', tcbInfoJson(tee, collateral), tcbSigning),
        },
        {
          name: 'qe_identity.json',
          bytes: await signedJson('enclaveIdentity', qeIdentityJson(tee, collateral), tcbSigning),
        },
        { name: 'tcb_signing.der', bytes: keys.tcbSigning },
        { name: 'root.crl', bytes: await list(revokedByRoot, root) },
        { name: 'platform-ca.crl', bytes: await list(revokedByPlatformCa, platformCa) },
      ]
    },
  }
}

interface QuoteKeys {
  readonly attestation: CryptoKey
  readonly point: Uint8Array
  readonly pck: CryptoKey
}

/** Signs from the inside out: the quoting enclave's report over the attestation key, and with this the quote. */
async function signedQuote(
  given: Pick<Quote, 'version' | 'report' | 'pckChain'> & Partial<Quote>,
  { attestation, point, pck }: QuoteKeys,
): Promise<Uint8Array> {
  const authenticationData = given.authenticationData ?? Uint8Array.from({ length: 32 }, (_, i) => i)
  const attestationKey = given.attestationKey ?? point
  const quotingEnclave = given.quotingEnclave ?? {
    ...simulatedEnclaveReport(concat(sha256(concat(attestationKey, authenticationData)), new Uint8Array(32))),
    attributes: QE_ATTRIBUTES,
    mrSigner: QE_SIGNER,
    isvProdId: given.report.body === 'sgx' ? 1 : 2,
    isvSvn: 8,
  }
  const unsigned = { qeSvn: 0, pceSvn: 0, userData: new Uint8Array(20), behind: new Uint8Array(), ...given }
  return encodeQuote({
    ...unsigned,
    authenticationData,
    attestationKey,
    quotingEnclave,
    quotingEnclaveSignature:
      given.quotingEnclaveSignature ??
      (await rawSignature(pck, 'SHA-256', encodeEnclaveReport(quotingEnclave))),
    signature: given.signature ?? (await rawSignature(attestation, 'SHA-256', encodeSignedPart(unsigned))),
  })
}

async function signedJson(name: string, content: unknown, key: CryptoKey): Promise<Uint8Array> {
  const text = JSON.stringify(content)
  const signature = await rawSignature(key, 'SHA-256', new TextEncoder().encode(text))
  const hex = Array.from(signature, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return new TextEncoder().encode(`{"${name}":${text},"signature":"${hex}"}`)
}

function pem(der: Uint8Array): string {
  const lines = btoa(String.fromCharCode(...der)).match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** An enclave that says nothing but what it reports. */
export function simulatedEnclaveReport(reportData: Uint8Array): EnclaveReport {
  return {
    body: 'sgx',
    cpuSvn: new Uint8Array(16),
    miscSelect: new Uint8Array(4),
    isvExtProdId: new Uint8Array(16),
    attributes: Uint8Array.of(0x05, ...new Uint8Array(7), 0x03, ...new Uint8Array(7)),
    mrEnclave: new Uint8Array(32).fill(0xe1),
    mrSigner: new Uint8Array(32).fill(0x51),
    configId: new Uint8Array(64),
    isvProdId: 1,
    isvSvn: 1,
    configSvn: 0,
    isvFamilyId: new Uint8Array(16),
    reportData,
  }
}

/** A guest of TDX 1.0 that says nothing but what it reports, on a module of major version 1. */
export function simulatedTdReport(reportData: Uint8Array): TdReport {
  const register = (fill: number): Uint8Array => new Uint8Array(48).fill(fill)
  return {
    body: 'tdx-1.0',
    teeTcbSvn: Uint8Array.of(5, 1, 3, ...new Uint8Array(13)),
    mrSeam: register(0x5e),
    mrSignerSeam: register(0),
    seamAttributes: new Uint8Array(8),
    tdAttributes: Uint8Array.of(0, 0, 0, 0x10, 0, 0, 0, 0),
    xfam: Uint8Array.of(0xe7, 0x02, 0x06, 0, 0, 0, 0, 0),
    mrTd: register(0x7d),
    mrConfigId: register(0),
    mrOwner: register(0),
    mrOwnerConfig: register(0),
    rtmrs: [register(0x70), register(0x71), register(0x72), register(0x73)],
    reportData,
  }
}
