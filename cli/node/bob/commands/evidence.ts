import {
  type AppraisalFailure,
  appraise,
  type Claims,
  examine,
  inspect,
  type KindName,
  purportedKind,
} from '@vouch/evidence'
import { readAdmissionPolicy } from '@vouch/evidence/node'
import { clock, parseTime, type Terminal, table } from '@vouch/host/node'
import {
  type Check,
  type ExitStatus,
  exitStatus,
  type Failure,
  fromHex,
  sentence,
  VouchError,
} from '@vouch/protocol'
import { claimRows, claimsJson } from '../claims.js'
import { readEvidence } from './evidence-files.js'

export interface EvidenceOptions {
  readonly at?: string
  readonly policy?: string
  readonly nonce?: string
  readonly json?: true
}

type Stage = 'parse' | 'authenticate' | 'appraise'

/** Everything there is to say about evidence, however far it came. */
interface Report {
  readonly exit: ExitStatus
  /** What it is, or is meant as where it is not genuine; nothing where nobody can tell. */
  readonly kind?: KindName
  readonly checks: readonly Check[]
  readonly notChecked: readonly string[]
  readonly warnings: readonly string[]
  readonly ignored: readonly string[]
  readonly failures: readonly (Failure & Partial<AppraisalFailure> & { readonly stage: Stage })[]
  readonly claims?: Claims
}

/** `bob evidence`: is this genuine, and, with a policy, acceptable? */
export async function evidenceCommand(
  out: Terminal,
  paths: readonly string[],
  options: EvidenceOptions,
): Promise<number> {
  const report = await judge(paths, options)
  if (options.json) out.data(JSON.stringify(reportJson(report), null, 2))
  else sayReport(out, report)
  return report.exit
}

async function judge(paths: readonly string[], options: EvidenceOptions): Promise<Report> {
  const at = options.at === undefined ? clock() : parseTime(options.at)
  const nonce = options.nonce === undefined ? null : nonceArgument(options.nonce)
  const policy = options.policy === undefined ? undefined : await readAdmissionPolicy(options.policy)
  const files = await readEvidence(paths)

  // 1. What can be read is genuine, and nothing that is meant as evidence cannot be read.
  const { authentic, evidence, ignored, unreadable, ...authentication } = await examine(files, at)
  const kind = evidence === undefined ? {} : { kind: purportedKind(evidence) }
  const common = { ...kind, ignored, checks: authentication.checks, notChecked: authentication.notChecked }
  if (authentic === undefined) {
    const { failures } = authentication
    return {
      ...common,
      warnings: [],
      exit: exitStatus([...unreadable, ...failures]),
      failures: [...withStage(unreadable, 'parse'), ...withStage(failures, 'authenticate')],
    }
  }

  // 2. It is acceptable.
  const { claims, failures, ...appraisal } =
    policy === undefined ? inspect(authentic, { nonce }) : appraise(authentic, policy, at, { nonce })
  return {
    ...common,
    kind: claims.kind,
    claims,
    exit: exitStatus(failures),
    checks: [...common.checks, ...appraisal.checks],
    notChecked: [...common.notChecked, ...appraisal.notChecked],
    warnings: appraisal.warnings,
    failures: withStage(failures, 'appraise'),
  }
}

/** An error's own members are copied one by one: those of a class do not spread. */
function withStage(
  failures: readonly (Failure & Partial<AppraisalFailure>)[],
  stage: Stage,
): Report['failures'] {
  return failures.map(({ code, rule, given, hint, field, wanted }) => ({
    stage,
    code,
    rule,
    ...(field === undefined ? {} : { field }),
    ...(wanted === undefined ? {} : { wanted }),
    ...(given === undefined ? {} : { given }),
    ...(hint === undefined ? {} : { hint }),
  }))
}

function nonceArgument(text: string): Uint8Array {
  const rule = '--nonce must be 1 to 64 bytes in lower-case hexadecimal'
  if (!/^([0-9a-f]{2}){1,64}$/.test(text)) throw new VouchError('USAGE', { rule, given: text.slice(0, 20) })
  return fromHex(text)
}

/** The word for each exit status. */
const VERDICTS = ['accepted', 'usage', 'false', 'refused', 'undecided'] as const

function reportJson(report: Report): unknown {
  const { exit, kind, checks, notChecked, warnings, ignored, failures, claims } = report
  return {
    verdict: VERDICTS[exit],
    exit,
    kind: kind ?? null,
    checks,
    notChecked,
    warnings,
    ignored,
    failures: failures.map(({ rule, ...failure }) => ({
      ...failure,
      message: sentence({ ...failure, rule }),
    })),
    claims: claims === undefined ? null : claimsJson(claims),
  }
}

function sayReport(out: Terminal, report: Report): void {
  const { exit, checks, notChecked, warnings, ignored, failures, claims } = report
  if (checks.length > 0) out.words('bob: these checks were carried out:')
  for (const { rule, outcome } of checks) out.words(`  ${outcome === 'held' ? '✓' : '✗'} ${rule}`)
  for (const left of notChecked) out.words(`  – not checked: ${left}`)
  for (const warning of warnings) out.words(`bob: warning: ${warning}`)
  for (const path of ignored)
    out.words(
      `bob: ignored ${path}: nothing known here, or a revocation list whose issuer is not among these files`,
    )
  for (const failure of failures) {
    out.words(`bob: error: ${sentence(failure)} [${failure.code}]`)
    if (failure.wanted !== undefined) out.words(`bob: hint: ${failure.field}: wanted ${failure.wanted}`)
    if (failure.hint !== undefined) out.words(`bob: hint: ${failure.hint}`)
  }
  out.data(VERDICTS[exit])
  if (claims !== undefined) out.data(table(claimRows(claims)))
}
