import { type Checks, equalBytes, must, VouchError } from '@vouch/protocol'
import { DER_TAG, parseDer } from '../../core/der/der.js'
import { isSigned } from '../../x509/algorithms.js'
import type { Certificate } from '../../x509/certificate.js'
import { isTcbSigner } from '../dcap/collateral.js'
import { isPckCertificate } from '../dcap/platform.js'
import { isEndorsement } from '../snp/endorsement.js'
import type { AzureEvidence } from './types.js'

// Azure keeps a certificate of the virtual TPM's key in the TPM. The processor's report vouches for the key itself, so nothing
// rests on that certificate: it may come along, or not.

/** Checks the certificates that came along beside those of the processor. */
export async function checkKeyCertificates(
  checks: Checks,
  { keyCertificates, hardware }: AzureEvidence,
): Promise<void> {
  const stranger = hardware.certificates.find((certificate) => !isHardwares(certificate))
  must(checks, stranger === undefined, 'COLLATERAL_CONFLICT', {
    rule: 'a certificate of a key must be of a key in the evidence: HCLAkPub, or the processor’s',
    ...(stranger === undefined
      ? {}
      : { given: stranger.commonName, hint: 'it is of another machine: leave it out' }),
  })
  for (const certificate of keyCertificates) await checkIssuers(checks, certificate, keyCertificates)
  if (keyCertificates.length > 0)
    checks.leave('the root of the certificate of HCLAkPub: the processor’s report vouches for the key')
}

/** Certificates of keys are the processor's or the collateral's; the others issue. */
const isHardwares = (certificate: Certificate): boolean =>
  isEndorsement(certificate) ||
  isPckCertificate(certificate) ||
  isTcbSigner(certificate) ||
  mayIssue(certificate)

const BASIC_CONSTRAINTS = '2.5.29.19'

function mayIssue({ extensions }: Certificate): boolean {
  const constraints = extensions.get(BASIC_CONSTRAINTS)?.value
  return (
    constraints !== undefined && parseDer(constraints, 'basicConstraints').parts[0]?.tag === DER_TAG.BOOLEAN
  )
}

/** A signature that can be checked must hold: a damaged certificate is none that Azure wrote. */
async function checkIssuers(
  checks: Checks,
  { commonName, issuer, signature, signatureAlgorithm: algorithm, tbs: content }: Certificate,
  certificates: readonly Certificate[],
): Promise<void> {
  for (const { spki, commonName: by } of certificates.filter(({ subject }) => equalBytes(subject, issuer))) {
    try {
      must(checks, await isSigned(spki, { algorithm, signature, content }), 'CHAIN_FALSE', {
        rule: `${commonName} must be signed by ${by}`,
      })
    } catch (error) {
      if (!(error instanceof VouchError)) throw error
      checks.leave(`the signature of ${commonName}: ${error.rule}`)
    }
  }
}
