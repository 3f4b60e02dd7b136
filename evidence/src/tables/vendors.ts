import { VouchError } from '@vouch/protocol'
import type { Codec } from '@vouch/protocol/codec'
import type { VendorAnchor } from '../core/anchors.js'
import type { VendorPublished } from '../core/file.js'
import { pemBlocks } from '../core/pem.js'
import { azure } from '../vendors/azure/index.js'
import type { VendorClaims } from '../vendors/claims.js'
import { dcap } from '../vendors/dcap/index.js'
import { eventlog } from '../vendors/eventlog/index.js'
import { nitro } from '../vendors/nitro/index.js'
import { nvidia } from '../vendors/nvidia/index.js'
import type { Device, NvidiaEvidence } from '../vendors/nvidia/types.js'
import { snp } from '../vendors/snp/index.js'
import { tpm } from '../vendors/tpm/index.js'
import type { VendorEvidence, Format as VendorFormat } from '../vendors/vendor.js'
import { parseCertificate } from '../x509/certificate.js'
import { parseRevocationList } from '../x509/revocation.js'

/** Every vendor. All that is said of every vendor at once, in types and in tables, is derived from this list. */
export const VENDORS = [snp, dcap, nitro, nvidia, azure, tpm, eventlog] as const

type AnyVendor = (typeof VENDORS)[number]
type Intersection<U> = (U extends unknown ? (member: U) => void : never) extends (all: infer I) => void
  ? I
  : never
/** Of vendors that have one. */
type Format = Exclude<NonNullable<AnyVendor['format']>, VendorFormat<never, never>>

/** Every kind of evidence, by its name. */
export type Kinds = Intersection<AnyVendor['kinds']>
/** What each kind of evidence is called, in policies and verdicts. */
export type KindName = keyof Kinds
/** What a policy pins of a kind. */
export type PinsOf<Name extends KindName> = Kinds[Name]['pins'] extends Codec<infer Pins> ? Pins : never

/** A root that is believed, and the kind of evidence that it vouches for. */
export interface Anchor extends VendorAnchor {
  readonly kind: KindName
}

/** The forms of what every vendor publishes. */
export const COMMON_FORMS = {
  certificate: parseCertificate,
  certificates: (bytes: Uint8Array) => {
    const blocks = pemBlocks(bytes)
    if (blocks.length === 0)
      throw new VouchError('CERTIFICATE_MALFORMED', { rule: 'there must be one certificate at least' })
    return blocks.map(({ der }) => parseCertificate(der))
  },
  'revocation list': parseRevocationList,
} as const

type FormOf<V> = V extends { readonly forms?: infer Forms } ? keyof NonNullable<Forms> : never

/** What an answer of a vendor's service must be to be of any use. */
export type PublishedForm = keyof typeof COMMON_FORMS | FormOf<AnyVendor>

/** One answer of a vendor's service. */
export interface Published extends VendorPublished {
  readonly form: PublishedForm
}

// Devices are NVIDIA's: a machine with devices of another vendor would be a new part of policies, so this is closed on purpose.

/** What authentic evidence of every kind says. */
export interface CommonClaims extends VendorClaims {
  readonly kind: KindName
  /** GPUs and switches that are in the machine, if evidence of any came along. */
  readonly devices?: readonly Device[]
}

/** What authenticated evidence says, in words of our own. */
export type Claims = Exclude<Awaited<ReturnType<Format['authenticate']>>, undefined> &
  Pick<CommonClaims, 'devices'>

/** Evidence of one vendor's format. */
export type OneEvidence = ReturnType<Format['parse']> & VendorEvidence

/** A machine's evidence and that of devices in it. */
export interface CompositeEvidence {
  readonly format: 'composite'
  readonly machine: Exclude<OneEvidence, NvidiaEvidence>
  readonly devices: NvidiaEvidence
}

/** Evidence that could be read, with the certificates and lists that came along. Not believed in anything yet. */
export type Evidence = OneEvidence | CompositeEvidence
