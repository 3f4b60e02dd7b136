import type { Checks } from '@vouch/protocol'
import type { Codec } from '@vouch/protocol/codec'
import type { VendorAnchor } from '../core/anchors.js'
import type { AppraisalFailure } from '../core/checks.js'
import type { ExplainedField } from '../core/explain.js'
import type { EvidenceFile, VendorPublished } from '../core/file.js'
import type { Notes } from '../core/notes.js'
import type { VendorFrame } from '../core/policy/frame.js'
import type { Certificate } from '../x509/certificate.js'
import type { Slot, VendorClaims } from './claims.js'
import type { Sorted } from './sorted.js'

// What a vendor is: one record, in the `index.ts` of its folder. `tables/vendors.ts` lists the records, and all that is said of
// every vendor at once is derived from that list. What makes simulated evidence is in no record, as no judge needs it.

type Explain = (bytes: Uint8Array) => readonly ExplainedField[]

/** What a file may be besides certificates and revocation lists: told by its content, never by its name. */
export interface Part {
  looksLike(bytes: Uint8Array): boolean
  /**
   * What a part is told by that has no marks of its own: that it can be read to its end, or its length. A file is compared with
   * such a part after all others, and is a file like any other where the format has no such part.
   */
  readonly toldBy?: 'form' | 'length'
  /** What a person is told that it is, and what is in it. */
  readonly explain?: readonly [what: string, explain: Explain]
  /** The certificates inside, in DER: they count as if they had been given as files. */
  certificates?(bytes: Uint8Array): readonly Uint8Array[]
  /** A key that it holds itself, as SubjectPublicKeyInfo: nothing rests on a certificate of that key. */
  key?(bytes: Uint8Array): Uint8Array
  /** Where interfaces of fixed size pad it with zeros: how many bytes of a file are its own. */
  size?(bytes: Uint8Array): number
  /** What a vendor renews: the name that two of it cannot have beside each other. */
  renews?(bytes: Uint8Array): string
}

/** A kind of evidence: how a policy pins it, and how claims are compared with pins. */
export interface VendorKind<Pins = unknown, C extends VendorClaims = VendorClaims> {
  /**
   * Its number in the bytes of a policy, which a policy's id is a hash of: wire format. A kind never gets another number, and a number
   * never another kind; a new kind gets the next one.
   */
  readonly number: number
  /** Simulated kinds stand apart: a policy that names one names no other. */
  readonly simulated: boolean
  readonly title: string
  readonly pins: Codec<Pins>
  /** Refuses pins that would hold nothing off. */
  assertSound(kind: string, pins: Pins, policy: VendorFrame): void
  /** What a person should know of pins that load, before they rely on them. */
  warnings(pins: Pins): readonly string[]
  /** Compares all claims with all pins: a person who is refused sees everything that is in the way. */
  appraise(checks: Checks<AppraisalFailure>, claims: C, pins: Pins): void
  /** What must hold even when nobody has a policy. */
  inspect(checks: Checks<AppraisalFailure>, claims: C): void
  /** The pins as YAML, to be filled in; absent for devices, which no policy admits alone. */
  template?(kind: string): string
}

/** What evidence of every format has. */
export interface VendorEvidence {
  readonly format: string
}

/** A format of evidence: which parts it is made of, how it is read, and how it is authenticated. */
export interface Format<E extends VendorEvidence = VendorEvidence, C extends VendorClaims = VendorClaims> {
  readonly name: E['format']
  /** The part that makes files evidence of this format. */
  readonly main: string
  /** The parts that may stand beside it. Any other part that is there is evidence of something else. */
  readonly beside: readonly string[]
  parse(sorted: Sorted, notes: Notes): E
  authenticate(checks: Checks, evidence: E, at: number): Promise<C | undefined>
  /** The slots of evidence that may yet turn out to be false, or to be undecided. */
  slots(evidence: E): readonly Slot[]
  /** The kind that evidence is meant as: by a pinned root where one came along. Nothing vouches for it. */
  purported(evidence: E): C['kind']
  /** What its vendor publishes of it, in one way or in several: the vendor knows the machine under one of them. */
  published(evidence: E): readonly (readonly VendorPublished[])[]
}

/** A file that holds others. What it holds is told by content, as if it had been given file by file. */
export interface Container {
  fits(bytes: Uint8Array): boolean
  open(file: EvidenceFile): readonly EvidenceFile[]
}

/** By the name of each kind: the pins that a policy has for it, and what authentic evidence of it claims. */
export type KindTypes = Readonly<Record<string, { readonly pins: unknown; readonly claims: VendorClaims }>>

/** All that there is to know of a vendor. */
export interface Vendor<
  E extends VendorEvidence = VendorEvidence,
  K extends KindTypes = KindTypes,
  F extends string = string,
> {
  /** The roots that are believed, for each kind that they vouch for. */
  readonly anchors: readonly VendorAnchor[]
  readonly parts: Readonly<Record<string, Part>>
  readonly kinds: { readonly [Name in keyof K]: VendorKind<K[Name]['pins'], K[Name]['claims']> }
  /** Absent where parts are no evidence by themselves, and stand beside that of others. */
  readonly format?: Format<E, K[keyof K]['claims']>
  readonly containers?: readonly Container[]
  /** Forms of what the vendor publishes, besides certificates and lists, and what reads each. */
  readonly forms?: Readonly<Record<F, (bytes: Uint8Array) => unknown>>
  /** Services that have one address each, by name: the address that their paths are below. */
  readonly services?: Readonly<Record<string, string>>
  /** What the vendor writes into certificates, where this is one of its own. */
  explainCertificate?(certificate: Certificate): readonly ExplainedField[]
}
