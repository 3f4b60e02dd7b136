import { VouchError } from '@vouch/protocol'
import type { ExplainedField } from '../core/explain.js'
import type { EvidenceFile } from '../tables/evidence.js'
import { explainHcl } from '../vendors/azure/explain.js'
import { explainQuote } from '../vendors/dcap/explain.js'
import { explainDocument } from '../vendors/nitro/explain.js'
import { explainSpdm } from '../vendors/nvidia/explain.js'
import { explainReport } from '../vendors/snp/explain.js'
import type { PartName } from '../vendors/sorted.js'
import { explainAttest, explainSignature } from '../vendors/tpm/explain.js'
import { unpacked } from './containers.js'
import {
  explainEventLog,
  explainPcrs,
  explainPublicArea,
  explainQeIdentity,
  explainRuntimeData,
  explainTcbInfo,
  explainTcg12,
} from './explain-documents.js'
import { explainCertificate, explainRevocationList } from './explain-x509.js'
import { blocksIn } from './files.js'
import { partOf } from './parts.js'

// What files say, field by field, for a person to read. Nothing is judged: whatever somebody wrote there is shown.

/** What a file is, or one of several things in it, and its fields. */
export interface Explained {
  readonly file: string
  readonly what: string
  readonly fields: readonly ExplainedField[]
}

type Explain = (bytes: Uint8Array) => readonly ExplainedField[]

const PARTS: Readonly<Partial<Record<PartName, readonly [what: string, explain: Explain]>>> = {
  'snp-report': ['SEV-SNP: ATTESTATION_REPORT', explainReport],
  'dcap-quote': ['Intel: quote of TDX or SGX', explainQuote],
  'nitro-document': ['AWS Nitro: attestation document', explainDocument],
  'spdm-message': ['NVIDIA: GET_MEASUREMENTS and MEASUREMENTS (SPDM)', explainSpdm],
  'hcl-report': ['Azure: HCL report', explainHcl],
  'tpm-attest': ['TPM 2.0: TPMS_ATTEST', explainAttest],
  'tpm-signature': ['TPM 2.0: TPMT_SIGNATURE', explainSignature],
  'tpm-public-area': ['TPM 2.0: public area of a key (TPMT_PUBLIC)', explainPublicArea],
  'pcr-values': ['PCR values', explainPcrs],
  'tcb-info': ['Intel: TCB info', explainTcbInfo],
  'qe-identity': ['Intel: identity of a quoting enclave', explainQeIdentity],
  'runtime-data': ['Azure: runtime data', explainRuntimeData],
  'event-log': ['event log, crypto-agile', explainEventLog],
}

const BLOCKS: Readonly<Record<string, readonly [what: string, explain: Explain]>> = {
  CERTIFICATE: ['certificate', explainCertificate],
  'X509 CRL': ['certificate revocation list', explainRevocationList],
}

/** Explains a file, or each of the things that it holds. One that is meant as something and cannot be read is refused. */
export function explainFile(file: EvidenceFile): readonly Explained[] {
  return unpacked(file).flatMap(explainOne)
}

function explainOne({ name: file, bytes }: EvidenceFile): readonly Explained[] {
  const part = partOf(bytes)
  if (part === 'tcg12-event-log') return [{ file, ...explainFaint(bytes) }]
  if (part !== undefined) {
    const [what, explain] = PARTS[part] ?? [part.replaceAll('-', ' '), () => []]
    return [{ file, what, fields: explain(bytes) }]
  }
  return blocksIn(bytes).map(({ label, der }) => {
    const [what, explain] = BLOCKS[label] ?? ['nothing that is known here', () => []]
    return { file, what, fields: explain(der) }
  })
}

/** There is little about such a log but that it can be read to its end: a file that cannot is perhaps none. */
function explainFaint(bytes: Uint8Array): Omit<Explained, 'file'> {
  try {
    return { what: 'event log of SHA-1 digests', fields: explainTcg12(bytes) }
  } catch (error) {
    if (error instanceof VouchError) return { what: 'nothing that is known here', fields: [] }
    throw error
  }
}
