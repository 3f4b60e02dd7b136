import { assertClosedShape, assertKind, assertShape, type Json, type Kind, type Shape } from '@vouch/protocol'
import type { EvidenceFile } from './core/file.js'
import {
  admitsSimulatedIn,
  parsePolicyIn,
  policyFromJsonIn,
  policyIdIn,
  printPolicyIn,
  warningsIn,
} from './read/admission.js'
import { type Appraisal, appraiseIn, type Expected, inspectIn } from './read/appraise.js'
import {
  authenticateIn,
  type Examination,
  examineIn,
  type ParsedEvidence,
  parseEvidenceIn,
} from './read/authenticate.js'
import type { Authentication, AuthenticEvidence } from './read/evidence.js'
import { type Explained, explainIn } from './read/explain.js'
import { isPublishedIn, publishedIn, purportedIn } from './read/formats.js'
import { packOf } from './read/pack.js'
import { renewedIn } from './read/renew.js'
import type { AdmissionPolicy } from './tables/policy.js'
import { isSimulatedIn, TABLES } from './tables/tables.js'
import type { Evidence, KindName, Published, PublishedForm } from './tables/vendors.js'

// What others call: each function judges what it is given by its shape, and then asks `read/` by the tables of all vendors. Nobody
// outside gives tables of their own, as a judge who takes roots from a caller judges nothing.

/**
 * Reads evidence out of files in any order, PEM or DER, told apart by content. Throws the gravest of what is wrong when something
 * that is meant as evidence or collateral cannot be read, and when no file is evidence. `kept` are revocation lists of the judge's own, for
 * whatever machine may come: those count that an issuer among the given certificates may have signed.
 */
export async function parseEvidence(
  files: readonly EvidenceFile[],
  kept: readonly EvidenceFile[] = [],
): Promise<ParsedEvidence> {
  assertKind(files, 'list', 'parseEvidence: files')
  assertKind(kept, 'list', 'parseEvidence: kept')
  return parseEvidenceIn(TABLES, files, kept)
}

/**
 * Reads files and says whether they are genuine, as `parseEvidence` and `authenticate` do one after the other. What cannot be
 * read does not hide what is false: the rest is looked at, and is authentic only when there is no such thing.
 */
export async function examine(
  files: readonly EvidenceFile[],
  at: number,
  kept: readonly EvidenceFile[] = [],
): Promise<Examination> {
  assertKind(files, 'list', 'examine: files')
  assertKind(at, 'time', 'examine: at')
  assertKind(kept, 'list', 'examine: kept')
  return examineIn(TABLES, files, at, kept)
}

/**
 * Says whether evidence is genuine at a time (seconds since 1970): signatures to a pinned root, dates, and everything
 * that report and certificate both speak of. Whether it is acceptable is for `appraise` to say.
 */
export async function authenticate(evidence: Evidence, at: number): Promise<Authentication> {
  assertKind(evidence, 'object', 'authenticate: evidence')
  assertKind(at, 'time', 'authenticate: at')
  return authenticateIn(TABLES, evidence, at)
}

/** A policy as `parseAdmissionPolicy` gives it. Parsed JSON is none: its members have other names, and pins would be passed over. */
const POLICY: Shape<AdmissionPolicy> = {
  version: 'count',
  name: 'text',
  evidence: 'object',
  osImages: 'list',
  quota: 'given',
  ttl: 'count',
  collateral: 'object',
}
const COLLATERAL: Shape<AdmissionPolicy['collateral']> = {
  revocation: 'text',
  maxAge: 'count',
  grace: 'count',
}

const EXPECTED: Shape<Expected> = { nonce: 'bytes or null' }
const PERHAPS_EXPECTED: Readonly<Record<string, Kind>> = { gpus: 'object' }

/**
 * Says whether genuine evidence is what an admission policy wants at a time (seconds since 1970). A nonce is
 * compared unless it is null; shorter bytes stand for themselves and zeros behind them. Not appraised here: the OS image, the nonce and the
 * service tree, which REPORT_DATA binds and admission checks.
 */
export function appraise(
  evidence: AuthenticEvidence,
  policy: AdmissionPolicy,
  at: number,
  expected: Expected,
): Appraisal {
  assertKind(evidence, 'object', 'appraise: evidence')
  assertShape(policy, POLICY, 'appraise: policy')
  assertShape(policy.collateral, COLLATERAL, 'appraise: policy.collateral')
  assertKind(at, 'time', 'appraise: at')
  assertClosedShape(expected, EXPECTED, PERHAPS_EXPECTED, 'appraise: expected')
  return appraiseIn(TABLES, evidence, policy, at, expected)
}

/**
 * Says of genuine evidence what holds without any policy of one's own: that it is not simulated, and that nobody may debug the
 * guest. What the guest is, this cannot say.
 */
export function inspect(evidence: AuthenticEvidence, expected: Expected): Appraisal {
  assertKind(evidence, 'object', 'inspect: evidence')
  assertClosedShape(expected, EXPECTED, PERHAPS_EXPECTED, 'inspect: expected')
  return inspectIn(TABLES, evidence, expected)
}

/** Explains a file, or each of the things that it holds. One that is meant as something and cannot be read is refused. */
export const explainFile = (file: EvidenceFile): readonly Explained[] => explainIn(TABLES, file)

/** The text of one file that holds these. What they hold is packed itself, as a pack is opened one level deep. */
export const packEvidence = (files: readonly EvidenceFile[]): string => packOf(TABLES, files)

/**
 * Files, opened where they hold others, with what was fetched for them: each document or list in the place of the one that it
 * renews. Certificates are added alone, as one that is given twice is given once.
 */
export const renewed = (
  files: readonly EvidenceFile[],
  fetched: readonly EvidenceFile[],
): readonly EvidenceFile[] => renewedIn(TABLES, files, fetched)

/**
 * What kind of evidence this is meant as, for whoever must say what it is that is not genuine: by its format, and by a pinned root
 * where one came along. Nothing vouches for it.
 */
export const purportedKind = (evidence: Evidence): KindName => purportedIn(TABLES, evidence)

export const isSimulatedKind = (kind: KindName): boolean => isSimulatedIn(TABLES, kind)

/**
 * What there is to fetch for evidence, in one way or in several: where the evidence does not say which product it is of, the
 * vendor knows the machine under one of them. For whoever fetches it: nothing here has a network.
 */
export const publishedFor = (evidence: Evidence): readonly (readonly Published[])[] =>
  publishedIn(TABLES, evidence) as readonly (readonly Published[])[]

/** Whether bytes are what a vendor publishes in this form. */
export const isPublished = (form: PublishedForm, bytes: Uint8Array): boolean =>
  isPublishedIn(TABLES, form, bytes)

/** Reads an admission policy from JSON; one that would hold nothing off does not load. */
export const parseAdmissionPolicy = (file: string | Uint8Array): AdmissionPolicy =>
  parsePolicyIn(TABLES, file)

/** An admission policy out of JSON that was read already, as from YAML. */
export const admissionPolicyFrom = (json: Json): AdmissionPolicy => policyFromJsonIn(TABLES, json)

/** The canonical JSON of an admission policy: the text whose hash is its id. Lists in it ascend. */
export const printAdmissionPolicy = (policy: AdmissionPolicy): string => printPolicyIn(TABLES, policy)

/** The policy's id; from 2^248 when it admits simulated evidence. */
export const admissionPolicyId = (policy: AdmissionPolicy): bigint => policyIdIn(TABLES, policy)

/** Whether the policy admits evidence that is worth nothing. */
export const admitsSimulated = (policy: AdmissionPolicy): boolean => admitsSimulatedIn(TABLES, policy)

/** What a person should know who relies on this policy: nothing of it keeps the policy from loading. */
export const warningsOf = (policy: AdmissionPolicy): readonly string[] => warningsIn(TABLES, policy)
