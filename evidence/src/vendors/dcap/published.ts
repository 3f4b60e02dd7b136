import { equalBytes, toHex, VouchError } from '@vouch/protocol'
import type { VendorPublished } from '../../core/file.js'
import { parseQeIdentity, parseTcbInfo } from './documents.js'
import { isPckCertificate, readPlatform } from './platform.js'
import { teeOf } from './quote.js'
import type { DcapEvidence } from './types.js'

/** The services that have one address each, which their paths are below. */
export const DCAP_SERVICES = {
  'Intel PCS': 'https://api.trustedservices.intel.com',
  'Intel root': 'https://certificates.trustedservices.intel.com',
} as const

/** The forms of documents that Intel signs, and what reads each. */
export const DCAP_FORMS = {
  'TCB info': parseTcbInfo,
  'identity of the quoting enclave': parseQeIdentity,
} as const

/** TCB info, the quoting enclave's identity and revocation lists, with the certificates of whoever signs them: "PCS API", version 4. */
export function publishedForDcap({
  quote,
  certificates,
}: DcapEvidence): readonly (readonly VendorPublished[])[] {
  const leaf = certificates.find(isPckCertificate)
  if (leaf === undefined) {
    throw new VouchError('COLLATERAL_MISSING', {
      rule: 'the certificate of the PCK must come with the quote for anybody to fetch the rest',
    })
  }
  const tee = teeOf(quote.report)
  const fmspc = toHex(readPlatform(leaf).fmspc)
  const issuer = certificates.find(({ subject }) => equalBytes(subject, leaf.issuer))
  // Intel has two authorities: for platforms of one processor, and of several.
  const authority = issuer?.commonName.includes('Processor') ? 'processor' : 'platform'
  const below = (path: string): string =>
    `/${path.startsWith('pckcrl') ? 'sgx' : tee}/certification/v4/${path}`
  const common = { origin: DCAP_SERVICES['Intel PCS'], constant: false } as const
  return [
    [
      {
        ...common,
        path: below(`tcb?fmspc=${fmspc}`),
        form: 'TCB info',
        file: 'tcb_info.json',
        issuers: {
          headers: ['TCB-Info-Issuer-Chain', 'SGX-TCB-Info-Issuer-Chain'],
          file: 'tcb_signing_chain.pem',
        },
      },
      {
        ...common,
        path: below('qe/identity'),
        form: 'identity of the quoting enclave',
        file: 'qe_identity.json',
        issuers: { headers: ['SGX-Enclave-Identity-Issuer-Chain'], file: 'qe_identity_chain.pem' },
      },
      {
        ...common,
        path: below(`pckcrl?ca=${authority}&encoding=der`),
        form: 'revocation list',
        file: 'pck_crl.der',
        issuers: { headers: ['SGX-PCK-CRL-Issuer-Chain'], file: 'pck_crl_chain.pem' },
      },
      {
        origin: DCAP_SERVICES['Intel root'],
        constant: false,
        path: '/IntelSGXRootCA.der',
        form: 'revocation list',
        file: 'root_ca_crl.der',
      },
    ],
  ]
}
