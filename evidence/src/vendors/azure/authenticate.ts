import { type Checks, concat, equalBytes, must } from '@vouch/protocol'
import { checkTrailing } from '../../core/checks.js'
import type { Slot, VendorClaims } from '../claims.js'
import { authenticateQuote } from '../dcap/authenticate.js'
import { checkTdReport } from '../dcap/td-report.js'
import type { TdxClaims } from '../dcap/types.js'
import { hashOf } from '../eventlog/banks.js'
import { authenticateSnp } from '../snp/authenticate.js'
import type { SnpClaims } from '../snp/types.js'
import { checkQuote, checkQuoted, quoteSlots } from '../tpm/quote.js'
import type { QuoteEvidence } from '../tpm/types.js'
import { AZURE_KIND_OF } from './anchors.js'
import { checkKeyCertificates } from './key-certificates.js'
import type { AzureClaims, AzureEvidence, RuntimeData } from './types.js'

/**
 * Checks the processor's report to its root, the runtime data against the report, and the virtual TPM's quote against the key
 * in the runtime data: each vouches for the next.
 */
export async function authenticateAzure(
  checks: Checks,
  evidence: AzureEvidence,
  at: number,
): Promise<AzureClaims | undefined> {
  const { hcl, trailing, runtime, hardware, vtpm } = evidence
  // 1. The processor's report is bound to the runtime data. Certificates that are missing must not hide that it is not.
  const { reportData } = hardware.format === 'snp' ? hardware.report : hardware.quote.report
  const digest = hashOf(hcl.hash, hcl.runtimeData)
  const bound = concat(digest, new Uint8Array(reportData.length - digest.length))
  must(checks, equalBytes(reportData, bound), 'EVIDENCE_BINDING_FALSE', {
    rule: 'REPORT_DATA must be the hash of the runtime data, and zeros behind it',
  })
  checkTrailing(checks, 'the HCL report', trailing)

  // 2. The quote is signed by the key in the runtime data, and what came along is what it speaks of.
  const quoted = checkQuoted(checks, vtpm)
  const quote = await checkQuote(checks, vtpm, runtime.attestationKey, quoted)
  await checkKeyCertificates(checks, evidence)

  // 3. What the processor says is genuine.
  const claims = await authenticateHardware(checks, evidence, at)
  if (claims === undefined || quote === undefined) return undefined
  const { machineIdentity, collateral } = claims
  const common = {
    // The processor's, not the virtual TPM's: whoever deletes a virtual machine gets another TPM, and is the same machine.
    ...(machineIdentity === undefined ? {} : { machineIdentity }),
    slots: azureSlots(runtime, vtpm),
    vmConfiguration: runtime.vmConfiguration,
    quote,
    collateral,
  } as const
  return 'endorsement' in claims
    ? { kind: AZURE_KIND_OF[claims.kind], ...common, hardware: factsOf(claims) }
    : { kind: AZURE_KIND_OF[claims.kind], ...common, hardware: factsOf(claims) }
}

/** A TD report by itself convinces nobody but the processor that made it: there it is a quote that is judged. */
async function authenticateHardware(
  checks: Checks,
  { hcl, hardware }: AzureEvidence,
  at: number,
): Promise<SnpClaims | TdxClaims | undefined> {
  if (hardware.format === 'snp') return authenticateSnp(checks, hardware, at)
  checkTdReport(checks, hcl.hardwareReport, hardware.quote.report)
  const claims = await authenticateQuote(checks, hardware, at)
  return claims === undefined || 'mrEnclave' in claims ? undefined : claims
}

/** What the processor says by itself: its REPORT_DATA is no slot here, as the guest does not write it. */
function factsOf<C extends VendorClaims>(claims: C): Omit<C, keyof VendorClaims> {
  const { kind: _, machineIdentity: __, slots: ___, collateral: ____, ...facts } = claims
  return facts
}

/** What the guest chooses: beside the layer's report, and in the virtual TPM's quote. Both must say the same. */
export const azureSlots = (runtime: RuntimeData, vtpm: QuoteEvidence): readonly Slot[] => [
  { name: 'user-data', bytes: runtime.userData ?? new Uint8Array(), holds: 'report_data' },
  ...quoteSlots(vtpm),
]
