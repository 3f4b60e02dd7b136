import type { Certificate } from '../../x509/certificate.js'
import type { VendorClaims } from '../claims.js'
import type { DcapEvidence, TdxFacts } from '../dcap/types.js'
import type { SnpEvidence, SnpFacts } from '../snp/types.js'
import type { QuoteClaims, QuoteEvidence } from '../tpm/types.js'
import type { AzureSnpAnchor, AzureTdxAnchor } from './anchors.js'
import type { HASH_TYPE, REPORT_TYPE } from './layout.js'

/** A report of the host compatibility layer as it was read. */
export interface HclReport {
  readonly version: number
  readonly hardware: keyof typeof REPORT_TYPE
  readonly hash: keyof typeof HASH_TYPE
  /** The processor's own report, in as many bytes as it has. */
  readonly hardwareReport: Uint8Array
  /** JSON whose hash stands in the hardware report's REPORT_DATA. */
  readonly runtimeData: Uint8Array
}

/** What the runtime data say: nobody in the guest writes any of it but user-data. */
export interface RuntimeData {
  /** SubjectPublicKeyInfo of the virtual TPM's attestation key, HCLAkPub. */
  readonly attestationKey: Uint8Array
  /** 64 bytes of the guest's choosing; older layers have none. */
  readonly userData?: Uint8Array
  readonly vmConfiguration: Readonly<Record<string, string | number | boolean>>
}

/** A confidential virtual machine of Azure: the processor's report, what it is bound to, and the virtual TPM's quote. */
export interface AzureEvidence {
  readonly format: 'azure'
  readonly hcl: HclReport
  readonly trailing: Uint8Array
  readonly runtime: RuntimeData
  /** The report inside, or the quote that was made of it. */
  readonly hardware: SnpEvidence | DcapEvidence
  readonly vtpm: QuoteEvidence
  /** Certificates of the virtual TPM's key, with those that issued them. */
  readonly keyCertificates: readonly Certificate[]
}

/** What authentic evidence of such a machine says, whatever processor it has. */
interface AzureCommon extends VendorClaims {
  readonly vmConfiguration: RuntimeData['vmConfiguration']
  readonly quote: QuoteClaims
}

export interface AzureSnpClaims extends AzureCommon {
  readonly kind: AzureSnpAnchor['kind']
  readonly hardware: SnpFacts
}

export interface AzureTdxClaims extends AzureCommon {
  readonly kind: AzureTdxAnchor['kind']
  readonly hardware: TdxFacts
}

export type AzureClaims = AzureSnpClaims | AzureTdxClaims
