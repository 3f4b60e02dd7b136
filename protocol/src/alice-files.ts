import { MAX_TIME } from './credential.js'
import { VouchError } from './errors.js'
import { type Guest, guestCodec } from './guest/guest.js'
import {
  type Codec,
  fieldElement,
  fixedBytes,
  optional,
  parseFile,
  printFile,
  record,
  text,
  uint,
  version,
} from './notation/index.js'
import { REGISTRY_DEPTH } from './registry/fixed-tree.js'

// What Alice keeps. The first two hold her secret; the third says where she was shown as whom; the fourth, where she reads.

/** Whom she believes about a registry: named by hand, or met when she enrolled. From then on it is no other. */
export interface RegistryPin {
  readonly id: Uint8Array
  readonly signer: Uint8Array
}

/** An enrollment under way: kept before anything is sent, so that no answer that goes missing costs the secret. */
export interface Draft {
  readonly version: 1
  readonly registry: RegistryPin
  /** Where the registrar answers; without it, enrolled by files. */
  readonly registrar?: string
  readonly agent: string
  readonly holderSecret: bigint
  /** What ran in the guest: the very service tree that the credential hides. */
  readonly guest: Guest
  readonly policyId: bigint
  /** Leaves that were published when she asked to be admitted: hers lies behind them. */
  readonly leavesBefore: number
  /** Until when the registrar may admit her, to the hour; once there is evidence to compute it from. */
  readonly expiresAt?: number
}

/** What she holds once she was admitted. */
export interface Credential extends Draft {
  readonly expiresAt: number
  /** When she was told so. */
  readonly admittedAt: number
}

/** That she answered within a scope, and how. */
export interface LedgerEntry {
  readonly version: 1
  readonly scope: bigint
  readonly verifierId: Uint8Array
  /** The context that she agreed to, where the scope is one. */
  readonly context?: Uint8Array
  /** Hash of Request and envelope. */
  readonly answer: Uint8Array
  readonly time: number
}

/** Where she reads a registry on her own clock: a mirror's URL (`file:` for a folder), or its contract by a server of the chain. */
export interface Reading {
  readonly version: 1
  readonly mirror?: string
  readonly chain?: {
    readonly rpc: string
    readonly contract: string
    readonly fromBlock?: number
    readonly confirmations?: number
  }
}

const POLICY_ID_LIMIT = 2n ** 249n
const time = uint(8, { max: MAX_TIME })
const url = text(1000)

const drafted = {
  version: version(1),
  registry: record<RegistryPin>({ id: fixedBytes(32), signer: fixedBytes(33) }),
  registrar: optional(url),
  agent: url,
  holderSecret: fieldElement(),
  guest: guestCodec,
  policyId: fieldElement(POLICY_ID_LIMIT),
  leavesBefore: uint(4, { max: 2 ** REGISTRY_DEPTH }),
}

export const draftCodec: Codec<Draft> = record<Draft>({ ...drafted, expiresAt: optional(time) })

export const credentialCodec: Codec<Credential> = record<Credential>({
  ...drafted,
  expiresAt: time,
  admittedAt: time,
})

export const ledgerEntryCodec: Codec<LedgerEntry> = record<LedgerEntry>({
  version: version(1),
  scope: fieldElement(),
  verifierId: fixedBytes(32),
  context: optional(fixedBytes(32)),
  answer: fixedBytes(32),
  time,
})

const blocks = uint(4, { max: 2 ** 32 - 1 })

const readingCodec: Codec<Reading> = record<Reading>({
  version: version(1),
  mirror: optional(text(4000)),
  chain: optional(
    record<NonNullable<Reading['chain']>>({
      rpc: url,
      contract: text(42),
      fromBlock: optional(blocks),
      confirmations: optional(blocks),
    }),
  ),
})

export const parseDraft = (file: string | Uint8Array): Draft =>
  parseFile(draftCodec, file, 'enrollment draft')
export const printDraft = (draft: Draft): string => printFile(draftCodec, draft, 'enrollment draft')
export const parseCredential = (file: string | Uint8Array): Credential =>
  parseFile(credentialCodec, file, 'credential')
export const printCredential = (credential: Credential): string =>
  printFile(credentialCodec, credential, 'credential')
export const parseLedgerEntry = (file: string | Uint8Array): LedgerEntry =>
  parseFile(ledgerEntryCodec, file, 'ledger entry')
export const printLedgerEntry = (entry: LedgerEntry): string =>
  printFile(ledgerEntryCodec, entry, 'ledger entry')

/** Names one place to read from, since of two that disagree neither would be wrong. */
export function parseReading(file: string | Uint8Array): Reading {
  const reading = parseFile(readingCodec, file, 'reading')
  if ((reading.mirror === undefined) !== (reading.chain === undefined)) return reading
  throw new VouchError('VALUE_MALFORMED', { rule: 'a registry must be read from a mirror or from its chain' })
}
export const printReading = (reading: Reading): string => printFile(readingCodec, reading, 'reading')
