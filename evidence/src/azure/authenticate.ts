import { concat, equalBytes } from '@vouch/protocol'
import { AZURE_KIND_OF } from '../anchors.js'
import { type Checks, must } from '../checks.js'
import { authenticateSnp } from '../snp/authenticate.js'
import type { SnpClaims } from '../snp/types.js'
import { hashOf } from '../tpm/hash.js'
import { checkQuote } from '../tpm/quote.js'
import { checkTrailing } from '../trailing.js'
import type { AzureEvidence, AzureSnpClaims } from './types.js'

/**
 * Checks the processor's report to its root, the runtime data against the report, and the virtual TPM's quote against the key
 * in the runtime data: each vouches for the next.
 */
export async function authenticateAzure(
  checks: Checks,
  evidence: AzureEvidence,
  at: number,
): Promise<AzureSnpClaims | undefined> {
  const { hcl, trailing, runtime, hardware, vtpm } = evidence
  // 1. The processor's report is genuine.
  const claims = await authenticateSnp(checks, hardware, at)
  if (claims === undefined) return undefined
  checkTrailing(checks, 'the HCL report', trailing)

  // 2. It is bound to the runtime data.
  const digest = hashOf(hcl.hash, hcl.runtimeData)
  const bound = concat(digest, new Uint8Array(claims.reportData.length - digest.length))
  must(checks, equalBytes(claims.reportData, bound), 'EVIDENCE_BINDING_FALSE', {
    rule: 'REPORT_DATA must be the hash of the runtime data, and zeros behind it',
  })

  // 3. The quote is signed by the key in the runtime data.
  const quote = await checkQuote(checks, vtpm, runtime.attestationKey)
  if (quote === undefined) return undefined
  return {
    kind: AZURE_KIND_OF[claims.kind],
    // The chip's, not the virtual TPM's: whoever deletes a virtual machine gets another TPM, and is the same machine.
    ...(claims.machineIdentity === undefined ? {} : { machineIdentity: claims.machineIdentity }),
    slots: [
      { name: 'user-data', bytes: runtime.userData ?? new Uint8Array(), holds: 'report_data' },
      { name: 'extraData', bytes: vtpm.quote.attest.extraData, holds: 'short_report_data' },
    ],
    hardware: factsOf(claims),
    vmConfiguration: runtime.vmConfiguration,
    quote,
    collateral: claims.collateral,
  }
}

/** What the report says by itself: its REPORT_DATA is no slot here, as the guest does not write it. */
function factsOf(claims: SnpClaims): AzureSnpClaims['hardware'] {
  const { kind: _, machineIdentity: __, slots: ___, collateral: ____, ...facts } = claims
  return facts
}
