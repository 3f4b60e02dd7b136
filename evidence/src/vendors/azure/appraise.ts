import type { Checks } from '@vouch/protocol'
import type { AppraisalFailure } from '../../core/checks.js'
import { appraiseTdx, inspectTdx } from '../dcap/appraise.js'
import { appraiseSnp } from '../snp/appraise.js'
import { appraiseQuote, inspectQuote } from '../tpm/appraise.js'
import type { AzureSnpPins, AzureTdxPins } from './pins.js'
import type { AzureSnpClaims, AzureTdxClaims } from './types.js'

/**
 * The layer's own privilege level. A guest that could ask for reports at its own would write runtime data with a key of its
 * own in them, and quote whatever PCRs it likes.
 */
const LAYER_VMPL = 0

/** Compares claims with pins, all of them: a person who is refused sees everything that is in the way. */
export function appraiseAzureSnp(
  checks: Checks<AppraisalFailure>,
  { hardware, quote }: AzureSnpClaims,
  pins: AzureSnpPins,
): void {
  appraiseSnp(checks, hardware, { ...pins, vmpl: [LAYER_VMPL] })
  appraiseQuote(checks, quote, pins)
}

/** What holds whoever asks: the host cannot look into the guest, nothing rests on SHA-1, and the layer itself reports. */
export function inspectAzureSnp(checks: Checks<AppraisalFailure>, { hardware, quote }: AzureSnpClaims): void {
  checks.note(hardware.vmpl === LAYER_VMPL, {
    code: 'VMPL_NOT_ACCEPTED',
    rule: 'the report must be made at the VMPL of the layer below the guest',
    field: 'vmpl',
    wanted: String(LAYER_VMPL),
    given: String(hardware.vmpl),
  })
  checks.note(!hardware.guestPolicy.debug, {
    code: 'DEBUG_NOT_ACCEPTED',
    rule: 'the guest must not let its host debug it',
    field: 'guest_policy.debug',
    wanted: 'false',
    given: 'true',
  })
  checks.leave('measurement, TCB: no policy was given')
  inspectQuote(checks, quote)
}

/** The same where the processor is Intel's. A guest has no way to the TDX module but through the layer. */
export function appraiseAzureTdx(
  checks: Checks<AppraisalFailure>,
  { hardware, quote }: AzureTdxClaims,
  pins: AzureTdxPins,
): void {
  appraiseTdx(checks, hardware, pins)
  appraiseQuote(checks, quote, pins)
}

export function inspectAzureTdx(checks: Checks<AppraisalFailure>, { hardware, quote }: AzureTdxClaims): void {
  inspectTdx(checks, hardware)
  inspectQuote(checks, quote)
}
