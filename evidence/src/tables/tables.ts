import { VouchError } from '@vouch/protocol'
import type { Codec } from '@vouch/protocol/codec'
import type { VendorAnchor } from '../core/anchors.js'
import type { ExplainedField } from '../core/explain.js'
import type { Container, Format, Part, Vendor, VendorKind } from '../vendors/vendor.js'
import type { Certificate } from '../x509/certificate.js'
import { type AdmissionPolicy, policyCodecOf } from './policy.js'
import { type Anchor, COMMON_FORMS, type KindName, type Kinds, VENDORS } from './vendors.js'

/** What a list of vendors comes to: all that reading and judging look up. */
export interface Tables {
  readonly anchors: readonly VendorAnchor[]
  /** In the order in which a file is compared with them. */
  readonly parts: ReadonlyMap<string, Part>
  readonly formats: ReadonlyMap<string, Format>
  /** In the order of their numbers. */
  readonly kinds: ReadonlyMap<string, VendorKind>
  readonly containers: readonly Container[]
  /** What reads an answer of a vendor's service, by its form. */
  readonly forms: ReadonlyMap<string, (bytes: Uint8Array) => unknown>
  readonly services: ReadonlyMap<string, string>
  readonly policyCodec: Codec<AdmissionPolicy>
  explainCertificate(certificate: Certificate): readonly ExplainedField[]
}

/** The tables of these vendors. Two that mean something else by one name are a mistake of ours. */
export function tablesOf(vendors: readonly Vendor[]): Tables {
  const entries = <T>(of: (vendor: Vendor) => Readonly<Record<string, T>>): [string, T][] =>
    vendors.flatMap((vendor) => Object.entries(of(vendor)))
  const parts = entries(({ parts }) => parts).sort(([, a], [, b]) => rank(a) - rank(b))
  const kinds = entries(({ kinds }) => kinds).sort(([, a], [, b]) => a.number - b.number)
  const numbers = kinds.map(([, { number }]) => number)
  if (numbers.some((number, i) => number !== i + 1))
    throw new VouchError('INTERNAL', { rule: 'kinds must be numbered from 1', given: numbers.join(', ') })
  return {
    anchors: vendors.flatMap(({ anchors }) => anchors),
    parts: named(parts),
    formats: named(vendors.flatMap(({ format }) => (format === undefined ? [] : [[format.name, format]]))),
    kinds: named(kinds),
    containers: vendors.flatMap(({ containers }) => containers ?? []),
    forms: named([...Object.entries(COMMON_FORMS), ...entries(({ forms }) => forms ?? {})]),
    services: named(entries(({ services }) => services ?? {})),
    policyCodec: policyCodecOf(new Map(kinds.map(([name, { pins }]) => [name, pins]))),
    explainCertificate: (certificate) =>
      vendors.flatMap((vendor) => vendor.explainCertificate?.(certificate) ?? []),
  }
}

/** Parts with marks of their own come first, and those last that have a length alone. */
const rank = ({ toldBy }: Part): number => (toldBy === undefined ? 0 : toldBy === 'form' ? 1 : 2)

function named<T>(entries: readonly (readonly [string, T])[]): ReadonlyMap<string, T> {
  const found = new Map(entries)
  if (found.size === entries.length) return found
  throw new VouchError('INTERNAL', { rule: 'vendors must have names of their own for what is theirs' })
}

/** A kind by its name. Its pins and claims are its own, which the compiler cannot follow through a lookup. */
export function kindIn({ kinds }: Tables, name: string): VendorKind {
  const kind = kinds.get(name)
  if (kind !== undefined) return kind
  throw new VouchError('INTERNAL', { rule: 'a kind must be one that is known here', given: name })
}

export const isSimulatedIn = (tables: Tables, kind: string): boolean => kindIn(tables, kind).simulated

/** The tables of the vendors that are known here. */
export const TABLES: Tables = tablesOf(VENDORS)

/** Every root, for each kind that it vouches for. */
export const ANCHORS = TABLES.anchors as readonly Anchor[]

/** The services that have one address each, which their paths are below; lists have more, which certificates say. */
export const VENDOR_SERVICES: Readonly<Record<string, string>> = Object.fromEntries(TABLES.services)

/** Every kind of evidence. */
export const KINDS = Object.fromEntries(TABLES.kinds) as { readonly [Name in KindName]: Kinds[Name] }

export const admissionPolicyCodec: Codec<AdmissionPolicy> = TABLES.policyCodec
