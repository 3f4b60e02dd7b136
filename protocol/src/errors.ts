/**
 * Every code that Vouch can answer with, and the exit status it ends a command with:
 * 1 usage · 2 something signed or proven is false · 3 a policy or one of Bob's own values says no · 4 undecidable.
 * `docs/exit-codes.md` has a row for each, and each row a test.
 */
export const EXIT_OF = {
  // 1: the command was called wrongly
  USAGE: 1,
  FILE_NOT_FOUND: 1,
  FILE_NOT_WRITTEN: 1,
  CREDENTIAL_UNKNOWN: 1,
  // 2: false
  HEAD_SIGNATURE_FALSE: 2,
  PROOF_FALSE: 2,
  WITNESS_INVALID: 2,
  SIGNATURE_FALSE: 2,
  REPORT_DATA_MISMATCH: 2,
  LEAVES_FALSE: 2,
  HEAD_FORKED: 2,
  SERVICE_TREE_FALSE: 2,
  OPENING_FALSE: 2,
  EVIDENCE_SIGNATURE_FALSE: 2,
  CHAIN_FALSE: 2,
  CERTIFICATE_EXPIRED: 2,
  CERTIFICATE_REVOKED: 2,
  CERTIFICATE_MISMATCH: 2,
  GPU_MISMATCH: 2,
  GPU_NOT_BOUND: 2,
  COLLATERAL_EXPIRED: 2,
  COLLATERAL_CONFLICT: 2,
  EVIDENCE_BINDING_FALSE: 2,
  COLLATERAL_MISMATCH: 2,
  COLLATERAL_SIGNATURE_FALSE: 2,
  EVENT_LOG_FALSE: 2,
  RPC_FALSE: 2,
  // 3: true, but not what Bob accepts
  REGISTRY_NOT_ACCEPTED: 3,
  SIGNER_NOT_ACCEPTED: 3,
  HEAD_TOO_OLD: 3,
  HEAD_FROM_FUTURE: 3,
  ACCEPTANCE_MISMATCH: 3,
  ROOT_NOT_ACCEPTED: 3,
  PROFILE_NOT_ACCEPTED: 3,
  SERVICE_NOT_ACCEPTED: 3,
  POLICY_NOT_ACCEPTED: 3,
  SIMULATED_NOT_ACCEPTED: 3,
  FRESHNESS_TOO_WEAK: 3,
  REQUEST_TOO_OLD: 3,
  REQUEST_FROM_FUTURE: 3,
  REQUEST_MISMATCH: 3,
  VERIFIER_MISMATCH: 3,
  ASKS_MISMATCH: 3,
  NONCE_MISMATCH: 3,
  RESPONSE_TOO_OLD: 3,
  RESPONSE_FROM_FUTURE: 3,
  RESPONSE_TIME_REFUSED: 3,
  ASKED_TIME_REFUSED: 3,
  CREDENTIAL_EXPIRED: 3,
  MACHINE_REFUSED: 3,
  ANNOUNCEMENT_REFUSED: 3,
  CHALLENGE_UNKNOWN: 3,
  CHALLENGE_USED: 3,
  NONCE_UNKNOWN: 3,
  NONCE_EXPIRED: 3,
  NONCE_USED: 3,
  IMAGE_NOT_ACCEPTED: 3,
  GPU_NOT_ACCEPTED: 3,
  LIFETIME_TOO_SHORT: 3,
  QUOTA_EXCEEDED: 3,
  CREDENTIAL_REFUSED: 3,
  KEY_CONFLICT: 3,
  RECEIPT_NOT_ACCEPTED: 3,
  ROLE_NOT_ACCEPTED: 3,
  ASK_MISMATCH: 3,
  SET_TOO_SMALL: 3,
  TOO_FEW_SERVICES: 3,
  CONTEXT_NOT_AGREED: 3,
  CHAIN_REFUSED: 3,
  FEE_NOT_ACCEPTED: 3,
  SCOPE_USED: 3,
  REQUEST_REFUSED: 3,
  KIND_NOT_ACCEPTED: 3,
  VENDOR_ROOT_NOT_ACCEPTED: 3,
  ENDORSEMENT_NOT_ACCEPTED: 3,
  MEASUREMENT_NOT_ACCEPTED: 3,
  VMPL_NOT_ACCEPTED: 3,
  DEBUG_NOT_ACCEPTED: 3,
  GUEST_POLICY_NOT_ACCEPTED: 3,
  GENERATION_NOT_ACCEPTED: 3,
  TCB_TOO_LOW: 3,
  COLLATERAL_TOO_OLD: 3,
  ALGORITHM_TOO_WEAK: 3,
  TCB_STATUS_NOT_ACCEPTED: 3,
  TCB_EVALUATION_TOO_OLD: 3,
  EVIDENCE_TRAILING: 3,
  // 4: cannot be decided
  JSON_MALFORMED: 4,
  JSON_DUPLICATE_MEMBER: 4,
  MEMBER_MISSING: 4,
  MEMBER_UNKNOWN: 4,
  VALUE_MALFORMED: 4,
  VALUE_OUT_OF_RANGE: 4,
  VERSION_UNKNOWN: 4,
  NOT_ASCENDING: 4,
  NOT_CANONICAL: 4,
  TOO_LARGE: 4,
  TRUNCATED: 4,
  TRAILING_BYTES: 4,
  STATEMENT_MISMATCH: 4,
  CIRCUIT_UNKNOWN: 4,
  PROOF_MALFORMED: 4,
  KEY_MALFORMED: 4,
  HEAD_MISSING: 4,
  TREE_COLLISION: 4,
  TREE_FULL: 4,
  LEAF_MISSING: 4,
  CREDENTIAL_UNPUBLISHED: 4,
  KEY_EXPOSED: 4,
  REGISTRY_UNREACHABLE: 4,
  AGENT_UNREACHABLE: 4,
  SIGNER_UNAVAILABLE: 4,
  SERVICE_UNREACHABLE: 4,
  VENDOR_UNREACHABLE: 4,
  RATE_LIMITED: 4,
  BUSY: 4,
  ENCODING_UNKNOWN: 4,
  LOCKED: 4,
  LOG_CORRUPT: 4,
  STORAGE_FAILED: 4,
  CLOCK_AHEAD: 4,
  SRS_CORRUPT: 4,
  SRS_UNAVAILABLE: 4,
  ARTIFACT_CORRUPT: 4,
  BACKEND_UNAVAILABLE: 4,
  BACKEND_FAILED: 4,
  EVIDENCE_MISSING: 4,
  EVIDENCE_AMBIGUOUS: 4,
  COLLATERAL_MISSING: 4,
  DER_MALFORMED: 4,
  CBOR_MALFORMED: 4,
  CERTIFICATE_MALFORMED: 4,
  ALGORITHM_UNKNOWN: 4,
  POLICY_UNSOUND: 4,
  YAML_MALFORMED: 4,
  CONFIGURATION_UNSOUND: 4,
  STORE_PATH_MALFORMED: 4,
  CLOSURE_OPEN: 4,
  FOLDER_EXPOSED: 4,
  SOCKET_TAKEN: 4,
  SERVICES_AWAITED: 4,
  PROVIDER_UNAVAILABLE: 4,
  PROVIDER_FAILED: 4,
  RPC_UNREACHABLE: 4,
  REORGANISED: 4,
  CONTRACT_UNKNOWN: 4,
  TRANSACTION_FAILED: 4,
  FUNDS_MISSING: 4,
  QUORUM_MISSING: 4,
  CANCELLED: 4,
  INTERNAL: 4,
} as const satisfies Record<string, 1 | 2 | 3 | 4>

export type ErrorCode = keyof typeof EXIT_OF
export type ExitStatus = 0 | 1 | 2 | 3 | 4

export interface Explanation {
  /** The rule that must hold, in words. */
  readonly rule: string
  /** What was given instead, shortened; never a secret. */
  readonly given?: string
  /** What to do about it. */
  readonly hint?: string
}

/** Says that `code` applies and why: thrown for misuse and unreadable input, listed in a verdict for a refusal. */
export interface Failure extends Explanation {
  readonly code: ErrorCode
  /** Of a comparison with a policy: which of its fields it is about, and what would have done. */
  readonly field?: string
  readonly wanted?: string
}

/** The one error class: something was misused, or cannot be read. What is read but refused is a `Failure`. */
export class VouchError extends Error implements Failure {
  override readonly name = 'VouchError'
  readonly code: ErrorCode
  readonly rule: string
  readonly given?: string
  readonly hint?: string

  constructor(code: ErrorCode, explanation: Explanation, options?: { readonly cause?: unknown }) {
    super(sentence(explanation), options)
    this.code = code
    this.rule = explanation.rule
    if (explanation.given !== undefined) this.given = explanation.given
    if (explanation.hint !== undefined) this.hint = explanation.hint
  }
}

/** "rule; given: value", the one way a failure is worded. */
export function sentence({ rule, given }: Explanation): string {
  return given === undefined ? rule : `${rule}; given: ${given}`
}

/** The status that a command ends with: of several failures, the lowest number wins. */
export function exitStatus(failures: readonly Failure[]): ExitStatus {
  return failures.reduce<ExitStatus>((worst, { code }) => {
    const exit = EXIT_OF[code]
    return worst === 0 || exit < worst ? exit : worst
  }, 0)
}

/** A value for a message: one line, short, so that hostile input cannot flood a terminal or forge a line of it. */
export function shown(value: unknown): string {
  const text = String(value)
  const start = text.slice(0, 80) // cut first: escaping megabytes to show a line of them would take seconds
  const printable = (typeof value === 'string' ? JSON.stringify(start) : start).replace(/[^\x20-\x7e]/g, '?')
  const isCut = text.length > start.length || printable.length > 80
  return isCut ? `${printable.slice(0, 60)}… (${text.length} characters)` : printable
}
