import {
  type Check,
  Checks,
  equalBytes,
  type Failure,
  gravestError,
  must,
  shown,
  VouchError,
} from '@vouch/protocol'
import { type AppraisalFailure, attempt } from '../core/checks.js'
import type { EvidenceFile } from '../core/file.js'
import { Notes } from '../core/notes.js'
import type { Tables } from '../tables/tables.js'
import type { Evidence } from '../tables/vendors.js'
import { checkNonces } from '../vendors/nvidia/appraise.js'
import type { Sorted } from '../vendors/sorted.js'
import { isIssuer } from '../x509/lists.js'
import type { RevocationList } from '../x509/revocation.js'
import { type Authentication, AuthenticEvidence } from './evidence.js'
import { sortFiles } from './files.js'
import { authenticateFormat, parseFormat, slotsOf } from './formats.js'
import { withoutStrangers } from './strangers.js'

/** Evidence that could be read, and the names of files and lists that are nothing known here, or concern nothing of it. */
export interface ParsedEvidence {
  readonly evidence: Evidence
  readonly ignored: readonly string[]
}

/**
 * Reads evidence out of files in any order, PEM or DER, told apart by content. Throws the gravest of what is wrong when something
 * that is meant as evidence or collateral cannot be read, and when no file is evidence. `kept` are revocation lists of the judge's own, for
 * whatever machine may come: those count that an issuer among the given certificates may have signed.
 */
export async function parseEvidenceIn(
  tables: Tables,
  files: readonly EvidenceFile[],
  kept: readonly EvidenceFile[],
): Promise<ParsedEvidence> {
  const { evidence, notes } = await readFiles(tables, files, kept)
  const { failures } = notes
  if (failures.length > 0) throw gravestError(failures)
  if (evidence === undefined)
    throw new VouchError('INTERNAL', { rule: 'what could be read must be evidence' })
  return { evidence, ignored: notes.ignored }
}

/** All that there is to say of files: what could not be read, and how the rest came out. */
export interface Examination {
  /** There when everything could be read and nothing failed, and only then. */
  readonly authentic?: AuthenticEvidence
  /** As far as it could be read. */
  readonly evidence?: Evidence
  readonly ignored: readonly string[]
  readonly unreadable: readonly Failure[]
  readonly checks: readonly Check[]
  readonly notChecked: readonly string[]
  /** What failed of what could be read. */
  readonly failures: readonly Failure[]
}

/**
 * Reads files and says whether they are genuine, as `parseEvidence` and `authenticate` do one after the other. What cannot be
 * read does not hide what is false: the rest is looked at, and is authentic only when there is no such thing.
 */
export async function examineIn(
  tables: Tables,
  files: readonly EvidenceFile[],
  at: number,
  kept: readonly EvidenceFile[],
): Promise<Examination> {
  const { evidence, notes } = await readFiles(tables, files, kept)
  const unreadable = notes.failures
  const read = { ignored: notes.ignored, unreadable, ...(evidence === undefined ? {} : { evidence }) }
  if (evidence === undefined) return { ...read, checks: [], notChecked: [], failures: [] }
  const { authentic, ...outcome } = await authenticateIn(tables, evidence, at)
  const isWhole = authentic !== undefined && unreadable.length === 0
  const notChecked = [...notes.unreadable.notChecked, ...outcome.notChecked]
  const failures =
    authentic === undefined ? [...outcome.failures, ...unboundDevices(tables, evidence)] : outcome.failures
  return { ...read, ...outcome, notChecked, failures, ...(isWhole ? { authentic } : {}) }
}

/** Devices that a machine does not speak of. Of what is genuine appraisal says it; of the rest it is false all the same. */
function unboundDevices(tables: Tables, evidence: Evidence): readonly Failure[] {
  const checks = new Checks<AppraisalFailure>()
  if (evidence.format === 'composite')
    checkNonces(checks, slotsOf(tables, evidence), evidence.devices.messages)
  return checks.failures
}

async function readFiles(
  tables: Tables,
  files: readonly EvidenceFile[],
  kept: readonly EvidenceFile[],
): Promise<{ readonly evidence: Evidence | undefined; readonly notes: Notes }> {
  const notes = new Notes()
  const evidence = await attempt(notes.unreadable, async () => {
    const given = withoutStrangers(await sortFiles(tables, notes, files), notes)
    checkConflicts(notes.unreadable, given)
    return parseFormat(tables, withKept(given, await readKept(tables, notes.unreadable, kept)), notes)
  })
  return { evidence, notes }
}

/** The judge's own lists: nothing else may be among them, as one that cannot be read would let through whom it names. */
async function readKept(
  tables: Tables,
  unreadable: Checks,
  kept: readonly EvidenceFile[],
): Promise<readonly RevocationList[]> {
  const notes = new Notes()
  const { revocationLists, parts, certificates } = await sortFiles(tables, notes, kept)
  for (const failure of notes.failures) unreadable.note(false, failure)
  const [stranger] = [
    ...notes.ignored,
    ...Object.values(parts).flatMap((files) => files.map(({ name }) => name)),
    ...certificates.map(({ commonName }) => commonName),
  ]
  if (stranger === undefined) return revocationLists
  throw new VouchError('CERTIFICATE_MALFORMED', {
    rule: 'what a judge keeps must be revocation lists, which are for many machines: anything else must come with the evidence',
    given: shown(stranger),
  })
}

/** Of the judge's own lists, those count that an issuer among the given certificates may have signed. */
function withKept(given: Sorted, kept: readonly RevocationList[]): Sorted {
  const ours = kept.filter(
    (list) =>
      given.certificates.some((certificate) => isIssuer(certificate, list)) &&
      !given.revocationLists.some(({ der }) => equalBytes(der, list.der)),
  )
  return { ...given, revocationLists: [...given.revocationLists, ...ours] }
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
export async function authenticateIn(
  tables: Tables,
  evidence: Evidence,
  at: number,
): Promise<Authentication> {
  const checks = new Checks()
  const claims = await authenticateFormat(tables, checks, evidence, at)
  const outcome = { checks: checks.checks, notChecked: checks.notChecked, failures: checks.failures }
  if (claims === undefined && checks.failures.length === 0)
    throw new VouchError('INTERNAL', { rule: 'evidence that nothing speaks against must have claims' })
  return claims === undefined || checks.failures.length > 0
    ? outcome
    : { ...outcome, authentic: new AuthenticEvidence(claims) }
}
