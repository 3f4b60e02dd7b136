import { equalBytes, toHex } from '@vouch/protocol'
import { type AppraisalFailure, type Check, Checks } from './checks.js'
import { AuthenticEvidence, type Claims } from './evidence.js'
import { isSimulatedKind, KINDS } from './kinds.js'
import type { AdmissionPolicy } from './policy/schema.js'
import { appraiseSnp } from './snp/appraise.js'

/** How genuine evidence stands up to a policy. All failures are there at once; without any, it is acceptable. */
export interface Appraisal {
  readonly claims: Claims
  readonly checks: readonly Check[]
  readonly notChecked: readonly string[]
  readonly failures: readonly AppraisalFailure[]
}

/**
 * Says whether genuine evidence is what an admission policy wants at a time (seconds since 1970). REPORT_DATA is compared
 * when it is given; shorter bytes stand for themselves and zeros behind them. Not appraised here: the OS image, the nonce and the
 * service tree, which REPORT_DATA binds and admission checks.
 */
export function appraise(
  evidence: AuthenticEvidence,
  policy: AdmissionPolicy,
  at: number,
  reportData?: Uint8Array,
): Appraisal {
  const claims = AuthenticEvidence.claimsOf(evidence)
  const checks = new Checks<AppraisalFailure>()
  const pins = policy.evidence[claims.kind]
  checks.note(pins !== undefined, {
    code: isSimulatedKind(claims.kind) ? 'SIMULATED_NOT_ACCEPTED' : 'KIND_NOT_ACCEPTED',
    rule: 'the kind of evidence must be one that the policy names',
    field: 'kind',
    wanted: Object.keys(policy.evidence).join(', '),
    given: claims.kind,
  })
  if (pins !== undefined) appraiseSnp(checks, claims, pins)
  checkCollateral(checks, claims, policy, at)
  checkReportData(checks, claims, reportData)
  return outcome(checks, claims)
}

/**
 * Says of genuine evidence what holds without any policy of one's own: that it is not simulated, and that nobody may debug the
 * guest. What the guest is, this cannot say.
 */
export function inspect(evidence: AuthenticEvidence, reportData?: Uint8Array): Appraisal {
  const claims = AuthenticEvidence.claimsOf(evidence)
  const checks = new Checks<AppraisalFailure>()
  checks.note(!isSimulatedKind(claims.kind), {
    code: 'SIMULATED_NOT_ACCEPTED',
    rule: 'simulated evidence is accepted by nobody unless a policy names it',
    field: 'kind',
    wanted: Object.entries(KINDS)
      .filter(([, { simulated }]) => !simulated)
      .map(([kind]) => kind)
      .join(', '),
    given: claims.kind,
  })
  checks.note(!claims.guestPolicy.debug, {
    code: 'DEBUG_NOT_ACCEPTED',
    rule: 'the guest must not let its host debug it',
    field: 'guest_policy.debug',
    wanted: 'false',
    given: 'true',
  })
  checkReportData(checks, claims, reportData)
  checks.leave('measurement, TCB, VMPL: no policy was given')
  return outcome(checks, claims)
}

function checkCollateral(
  checks: Checks<AppraisalFailure>,
  { collateral }: Claims,
  policy: AdmissionPolicy,
  at: number,
): void {
  const { maxAge } = policy.collateral
  const age = at - (collateral.oldest ?? at)
  checks.note(age <= maxAge, {
    code: 'COLLATERAL_TOO_OLD',
    rule: 'revocation lists must be as recent as the policy wants',
    field: 'collateral.max_age',
    wanted: `at most ${maxAge} s`,
    given: `${age} s`,
  })
}

function checkReportData(
  checks: Checks<AppraisalFailure>,
  { reportData }: Claims,
  wanted: Uint8Array | undefined,
): void {
  if (wanted === undefined) {
    checks.leave('freshness: no nonce was given to compare REPORT_DATA with')
    return
  }
  const isThere =
    wanted.length <= reportData.length &&
    equalBytes(reportData.subarray(0, wanted.length), wanted) &&
    reportData.subarray(wanted.length).every((byte) => byte === 0)
  checks.note(isThere, {
    code: 'NONCE_MISMATCH',
    rule: 'REPORT_DATA must be the nonce that was asked for',
    field: 'report_data',
    wanted: toHex(wanted),
    given: toHex(reportData),
  })
}

function outcome(checks: Checks<AppraisalFailure>, claims: Claims): Appraisal {
  return { claims, checks: checks.checks, notChecked: checks.notChecked, failures: checks.failures }
}
