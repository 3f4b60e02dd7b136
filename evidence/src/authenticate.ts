import { equalBytes, shown, VouchError } from '@vouch/protocol'
import { Checks, must } from './checks.js'
import { type Authentication, AuthenticEvidence, type Evidence, type EvidenceFile } from './evidence.js'
import { type Sorted, sortFiles } from './files.js'
import { authenticateFormat, parseFormat } from './formats.js'

/** Evidence that could be read, and the names of files that are nothing known here and changed nothing. */
export interface ParsedEvidence {
  readonly evidence: Evidence
  readonly ignored: readonly string[]
}

/**
 * Reads evidence out of files in any order, PEM or DER, told apart by content. Throws when something that is meant as
 * evidence or collateral cannot be read, and when no file is evidence. `kept` are revocation lists of the judge's own, for
 * whatever machine may come: those count that an issuer among the given certificates may have signed.
 */
export async function parseEvidence(
  files: readonly EvidenceFile[],
  kept: readonly EvidenceFile[] = [],
): Promise<ParsedEvidence> {
  const unreadable = new Checks()
  const given = await sortFiles(unreadable, files)
  checkConflicts(unreadable, given)
  const sorted = withKept(given, await sortFiles(unreadable, kept))
  const [failure] = unreadable.failures
  if (failure !== undefined) throw new VouchError(failure.code, failure)
  return parseFormat(sorted)
}

function withKept(given: Sorted, kept: Sorted): Sorted {
  const { revocationLists, ignored, parts, certificates } = kept
  const [stranger] = [
    ...ignored,
    ...Object.values(parts).flatMap((files) => files.map(({ name }) => name)),
    ...certificates.map(({ commonName }) => commonName),
  ]
  if (stranger !== undefined) {
    throw new VouchError('CERTIFICATE_MALFORMED', {
      rule: 'what a judge keeps must be revocation lists, which are for many machines: anything else must come with the evidence',
      given: shown(stranger),
    })
  }
  const mayConcern = revocationLists.filter(
    (list) =>
      given.certificates.some(({ subject }) => equalBytes(subject, list.issuer)) &&
      !given.revocationLists.some(({ der }) => equalBytes(der, list.der)),
  )
  return { ...given, revocationLists: [...given.revocationLists, ...mayConcern] }
}

/** Of two lists of one issuer that differ, one is the older, and might be the one that names nobody. */
function checkConflicts(checks: Checks, { revocationLists }: Sorted): void {
  const conflict = revocationLists.find((list, i) =>
    revocationLists.slice(0, i).some((before) => equalBytes(before.issuer, list.issuer)),
  )
  if (conflict === undefined) return
  must(checks, false, 'COLLATERAL_CONFLICT', {
    rule: 'the revocation list of an issuer must come once, or the same each time',
  })
}

/**
 * Says whether evidence is genuine at a time (seconds since 1970): signatures to a pinned root, dates, and everything
 * that report and certificate both speak of. Whether it is acceptable is for `appraise` to say.
 */
export async function authenticate(evidence: Evidence, at: number): Promise<Authentication> {
  const checks = new Checks()
  const claims = await authenticateFormat(checks, evidence, at)
  const outcome = { checks: checks.checks, notChecked: checks.notChecked, failures: checks.failures }
  if (claims === undefined && checks.failures.length === 0)
    throw new VouchError('INTERNAL', { rule: 'evidence that nothing speaks against must have claims' })
  return claims === undefined || checks.failures.length > 0
    ? outcome
    : { ...outcome, authentic: new AuthenticEvidence(claims) }
}
