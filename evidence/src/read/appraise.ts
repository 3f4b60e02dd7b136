import { type Check, Checks, equalBytes, shortReportData, toHex } from '@vouch/protocol'
import type { AppraisalFailure } from '../core/checks.js'
import type { AdmissionPolicy } from '../tables/policy.js'
import { isSimulatedIn, kindIn, type Tables } from '../tables/tables.js'
import type { Claims } from '../tables/vendors.js'
import { appraiseDevices, checkBound, type ExpectedGpus } from '../vendors/nvidia/appraise.js'
import { nvidia } from '../vendors/nvidia/index.js'
import { AuthenticEvidence } from './evidence.js'

/** How genuine evidence stands up to a policy. All failures are there at once; without any, it is acceptable. */
export interface Appraisal {
  readonly claims: Claims
  readonly checks: readonly Check[]
  readonly notChecked: readonly string[]
  /** What a policy would have to allow, said where there is none: it fails nothing. */
  readonly warnings: readonly string[]
  readonly failures: readonly AppraisalFailure[]
}

/** What the judge knows beforehand, and evidence must agree with. */
export interface Expected {
  /**
   * What the guest was asked to have signed; null where the guest was not asked, and then freshness is not checked. It has to
   * be said: a nonce that got lost on its way here must not look like one that was never asked for.
   */
  readonly nonce: Uint8Array | null
  /** Which GPUs the machine binds. Who does not know looks for their nonce in what the machine had signed. */
  readonly gpus?: ExpectedGpus | undefined
}

/**
 * Says whether genuine evidence is what an admission policy wants at a time (seconds since 1970). A nonce is
 * compared unless it is null; shorter bytes stand for themselves and zeros behind them. Not appraised here: the OS image, the nonce and the
 * service tree, which REPORT_DATA binds and admission checks.
 */
export function appraiseIn(
  tables: Tables,
  evidence: AuthenticEvidence,
  policy: AdmissionPolicy,
  at: number,
  { nonce, gpus }: Expected,
): Appraisal {
  const claims = AuthenticEvidence.claimsOf(evidence)
  const checks = new Checks<AppraisalFailure>()
  const pins = policy.evidence[claims.kind]
  checks.note(pins !== undefined, {
    code: isSimulatedIn(tables, claims.kind) ? 'SIMULATED_NOT_ACCEPTED' : 'KIND_NOT_ACCEPTED',
    rule: 'the kind of evidence must be one that the policy names',
    field: 'kind',
    wanted: Object.keys(policy.evidence).join(', '),
    given: claims.kind,
  })
  if (pins !== undefined) kindIn(tables, claims.kind).appraise(checks, claims, pins)
  const devices = claims.devices ?? []
  appraiseDevices(checks, devices, policy.gpus)
  checkBound(checks, claims, devices, gpus)
  checkCollateral(checks, claims, policy, at)
  checkNonce(checks, claims, nonce)
  return outcome(checks, claims)
}

/**
 * Says of genuine evidence what holds without any policy of one's own: that it is not simulated, and that nobody may debug the
 * guest. What the guest is, this cannot say.
 */
export function inspectIn(tables: Tables, evidence: AuthenticEvidence, { nonce, gpus }: Expected): Appraisal {
  const claims = AuthenticEvidence.claimsOf(evidence)
  const checks = new Checks<AppraisalFailure>()
  const kinds = [claims.kind, ...(claims.devices ?? []).map(({ root }) => root.kind)]
  const simulated = kinds.find((kind) => isSimulatedIn(tables, kind))
  checks.note(simulated === undefined, {
    code: 'SIMULATED_NOT_ACCEPTED',
    rule: 'simulated evidence is accepted by nobody unless a policy names it',
    field: 'kind',
    wanted: [...tables.kinds]
      .filter(([, { simulated }]) => !simulated)
      .map(([kind]) => kind)
      .join(', '),
    given: simulated ?? claims.kind,
  })
  kindIn(tables, claims.kind).inspect(checks, claims)
  if (!isDevice(claims)) checkBound(checks, claims, claims.devices ?? [], gpus)
  checkNonce(checks, claims, nonce)
  return outcome(checks, claims)
}

function checkCollateral(
  checks: Checks<AppraisalFailure>,
  { collateral }: Claims,
  policy: AdmissionPolicy,
  at: number,
): void {
  const { revocation, maxAge } = policy.collateral
  checks.note(revocation === 'when_given' || collateral.missing.length === 0, {
    code: 'COLLATERAL_MISSING',
    rule: 'the revocation lists that the vendor publishes must be there, as the policy wants',
    field: 'collateral.revocation',
    wanted: 'required',
    given: `no list of ${collateral.missing.join(', ')}`,
    hint: 'give the list with the evidence, or keep it at the registrar',
  })
  const age = at - (collateral.oldest ?? at)
  checks.note(age <= maxAge, {
    code: 'COLLATERAL_TOO_OLD',
    rule: 'revocation lists must be as recent as the policy wants',
    field: 'collateral.max_age',
    wanted: `at most ${maxAge} s`,
    given: `${age} s`,
  })
}

/** Whether a nonce is in one of the places that the guest chose. */
function checkNonce(checks: Checks<AppraisalFailure>, { slots }: Claims, wanted: Uint8Array | null): void {
  const names = slots.map(({ name }) => name).join(' or ')
  if (wanted === null) {
    checks.leave(`freshness: no nonce was given to compare ${names} with`)
    return
  }
  checks.note(
    slots.some(({ bytes }) => startsWith(bytes, wanted)),
    {
      code: 'NONCE_MISMATCH',
      rule: `${names} must be the nonce that was asked for`,
      field: slots[0]?.name.toLowerCase() ?? 'nonce',
      wanted: toHex(wanted),
      given: slots.map(({ bytes }) => toHex(bytes)).join(' or '),
    },
  )
}

/** Shorter bytes stand for themselves and zeros behind them. */
function startsWith(bytes: Uint8Array, wanted: Uint8Array): boolean {
  return (
    wanted.length <= bytes.length &&
    equalBytes(bytes.subarray(0, wanted.length), wanted) &&
    bytes.subarray(wanted.length).every((byte) => byte === 0)
  )
}

/**
 * Whether evidence binds this REPORT_DATA: in every slot that an agent has for it, and in one at least. Slots of 32 bytes
 * hold its hash.
 */
export function bindsReportData({ slots }: Claims, reportData: Uint8Array): boolean {
  const binding = slots.filter(({ holds }) => holds !== 'nonce')
  const whole = reportData
  const short = shortReportData(reportData)
  return (
    binding.length > 0 &&
    binding.every(({ bytes, holds }) => equalBytes(bytes, holds === 'report_data' ? whole : short))
  )
}

/** Devices alone are in no machine that anybody speaks of. */
const isDevice = ({ kind }: Claims): boolean => kind in nvidia.kinds

function outcome(checks: Checks<AppraisalFailure>, claims: Claims): Appraisal {
  return {
    claims,
    checks: checks.checks,
    notChecked: checks.notChecked,
    warnings: checks.warnings,
    failures: checks.failures,
  }
}
