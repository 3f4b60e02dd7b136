import type { AdmissionPolicy, Claims } from '@vouch/evidence'
import {
  type Draft,
  type EnrollmentFile,
  type ErrorCode,
  equalBytes,
  type NonceTicket,
  parseReceipt,
  parseTicket,
  printEnrollment,
  printNonceRequest,
  type Receipt,
  toHex,
  VouchError,
} from '@vouch/protocol'
import { expiryOf, parsePolicies } from '@vouch/registry'
import { at } from './agent.js'
import { askJson, type Network, REGISTRAR } from './net.js'
import { credentialOf } from './standing.js'

/** The policies that a registrar says are in force. Their ids are computed, never read. */
export async function askPolicies(
  url: string,
  network: Network,
  signal?: AbortSignal,
): Promise<readonly AdmissionPolicy[]> {
  const answer = await askJson(REGISTRAR, at(url, 'policies.json'), undefined, network, signal)
  return parsePolicies(answer)
}

export async function askTicket(
  url: string,
  credential: bigint,
  network: Network,
  signal?: AbortSignal,
): Promise<NonceTicket> {
  const body = printNonceRequest({ version: 1, credential })
  return parseTicket(await askJson(REGISTRAR, at(url, 'nonce'), body, network, signal))
}

/** Trust nodes ask their peers, and wait until the chain has taken what they agreed on. */
const ADMISSION_MS = 300_000

/** Asks to be admitted. Where no answer comes, or none that can be read, she may be admitted all the same. */
export async function sendEnrollment(
  url: string,
  enrollment: EnrollmentFile,
  { timeoutMs = ADMISSION_MS, ...network }: Network,
  signal?: AbortSignal,
): Promise<Receipt> {
  const [where, body] = [at(url, 'enroll'), printEnrollment(enrollment)]
  const asking = askJson(REGISTRAR, where, body, { ...network, timeoutMs }, signal)
  const answer = await asking.catch((error: unknown) => {
    throw error instanceof VouchError && UNANSWERED.includes(error.code) ? lost(error) : error
  })
  try {
    return parseReceipt(answer)
  } catch (error) {
    throw error instanceof VouchError ? lost(error) : error
  }
}

const UNANSWERED: readonly ErrorCode[] = ['REGISTRY_UNREACHABLE', 'CANCELLED']

function lost(error: VouchError): VouchError {
  const { code, rule, given } = error
  const hint =
    'you may be admitted all the same: alice sync finds out once the next head is published, and keeps the credential'
  return new VouchError(code, { rule, hint, ...(given === undefined ? {} : { given }) }, { cause: error })
}

/** Refuses a nonce of another registry, or for another credential: a false admitter passing on somebody else's. */
export function checkTicketIsOurs({ registryId, credential }: NonceTicket, draft: Draft): void {
  if (equalBytes(registryId, draft.registry.id) && credential === credentialOf(draft)) return
  throw new VouchError('NONCE_UNKNOWN', {
    rule: 'the nonce must be for this credential, of the registry it was asked of',
    given: toHex(registryId),
  })
}

const HOUR = 3600

/** Until when an admission now would be in force, at the latest: revocation lists that the registrar keeps may end it sooner. */
export function latestExpiry(policy: AdmissionPolicy, claims: Claims, now: number): number {
  return expiryOf(policy, claims.collateral.nextUpdate, now)
}

/**
 * Refuses a place that was made for her alone: under another policy, or until a time that names her. The registrar's clock
 * may stand in the hour after hers.
 */
export function checkReceipt(receipt: Receipt, draft: Draft): void {
  const latest = (draft.expiresAt ?? 0) + HOUR
  const isGridded = receipt.expiresAt % HOUR === 0 && receipt.expiresAt <= latest
  const isOurs =
    equalBytes(receipt.registryId, draft.registry.id) && receipt.credential === credentialOf(draft)
  if (isOurs && receipt.policyId === draft.policyId && isGridded) return
  throw new VouchError('RECEIPT_NOT_ACCEPTED', {
    rule: 'the receipt must be for this credential and policy, until a whole hour, and no longer than the policy gives',
    given: `until ${receipt.expiresAt}, ${latest} at the latest`,
    hint: 'the registrar would know her again by it: do not use what it admitted',
  })
}
