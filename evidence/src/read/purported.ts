import { sha256 } from '@noble/hashes/sha2.js'
import { VouchError } from '@vouch/protocol'
import {
  type Anchor,
  AZURE_KIND_OF,
  anchorOf,
  DCAP_ANCHORS,
  NITRO_ANCHORS,
  NVIDIA_ANCHORS,
  SNP_ANCHORS,
  TPM_ANCHORS,
} from '../core/anchors.js'
import type { KindName } from '../core/kind-name.js'
import type { Evidence } from '../tables/evidence.js'
import { teeOf } from '../vendors/dcap/quote.js'
import type { DcapEvidence } from '../vendors/dcap/types.js'
import type { SnpEvidence } from '../vendors/snp/types.js'
import { parseCertificate } from '../x509/certificate.js'

/**
 * What kind of evidence this is meant as, for whoever must say what it is that is not genuine: by its format, and by a pinned root
 * where one came along. Nothing vouches for it.
 */
export function purportedKind(evidence: Evidence): KindName {
  switch (evidence.format) {
    case 'snp':
    case 'dcap':
      return ofProcessor(evidence)
    case 'azure':
      return ofAzure(evidence.hardware)
    case 'composite':
      return purportedKind(evidence.machine)
    case 'nitro':
      return rootAmong(NITRO_ANCHORS, spkisIn(evidence.signed.document.caBundle))?.kind ?? 'aws-nitro'
    case 'nvidia':
      return (
        rootAmong(
          NVIDIA_ANCHORS,
          evidence.certificates.map(({ spki }) => spki),
        )?.kind ?? 'nvidia-gpu'
      )
    case 'tpm':
      return (
        rootAmong(
          TPM_ANCHORS,
          evidence.certificates.map(({ spki }) => spki),
        )?.kind ?? 'tpm'
      )
  }
}

function ofProcessor(
  evidence: SnpEvidence | DcapEvidence,
): keyof typeof AZURE_KIND_OF | 'sgx' | 'simulated-sgx' {
  const spkis = evidence.certificates.map(({ spki }) => spki)
  if (evidence.format === 'snp') return rootAmong(SNP_ANCHORS, spkis)?.kind ?? 'sev-snp'
  const tee = teeOf(evidence.quote.report)
  const anchors = DCAP_ANCHORS.filter((anchor) => anchor.tee === tee)
  return rootAmong(anchors, spkis)?.kind ?? tee
}

/** A quote of SGX has no place there. */
function ofAzure(hardware: SnpEvidence | DcapEvidence): KindName {
  const kind = ofProcessor(hardware)
  return kind === 'sgx' || kind === 'simulated-sgx' ? 'azure-tdx' : AZURE_KIND_OF[kind]
}

const rootAmong = <A extends Anchor>(anchors: readonly A[], spkis: readonly Uint8Array[]): A | undefined =>
  spkis.map((spki) => anchorOf(anchors, sha256(spki))).find((anchor) => anchor !== undefined)

function spkisIn(certificates: readonly Uint8Array[]): readonly Uint8Array[] {
  return certificates.flatMap((der) => {
    try {
      return [parseCertificate(der).spki]
    } catch (error) {
      if (error instanceof VouchError) return []
      throw error
    }
  })
}
