import {
  type Codec,
  fixedBytes,
  list,
  oneOf,
  optional,
  record,
  text,
  uint,
  version,
} from '@vouch/protocol/codec'
import { orWord, someOf } from '../core/policy/codecs.js'
import type { VendorFrame } from '../core/policy/frame.js'
import { type GpuPins, gpuPins } from '../vendors/nvidia/pins.js'
import type { KindName, PinsOf } from './vendors.js'

/** What an admission policy says of any kind of evidence are that it names. */
export interface PolicyFrame extends VendorFrame {
  /** What must hold of GPUs; without it, evidence with any is refused. */
  readonly gpus?: GpuPins | undefined
}

/** What evidence is good enough to be admitted. Its hash is the policy id that every leaf carries. */
export interface AdmissionPolicy extends PolicyFrame {
  /** What must hold of evidence, for each kind that will do. */
  readonly evidence: { readonly [Name in KindName]?: PinsOf<Name> }
}

const HOUR = 3600
const DAY = 24 * HOUR
export const MAX_TTL = 7 * DAY
/** What `bob policy init` writes. */
export const USUAL_TTL = 2 * DAY

/** The codec of policies that may name these kinds, in the order of their numbers. */
export const policyCodecOf = (pinsByKind: ReadonlyMap<string, Codec<unknown>>): Codec<AdmissionPolicy> =>
  record<AdmissionPolicy>({
    version: version(1),
    name: text(100),
    evidence: someOf<AdmissionPolicy['evidence']>(
      Object.fromEntries(pinsByKind) as { readonly [Name in KindName]: Codec<PinsOf<Name>> },
    ),
    osImages: list(fixedBytes(32), { min: 1, max: 256, anyOrder: true }),
    quota: orWord(uint(4, { min: 1, max: 2 ** 20 }), 'none'),
    ttl: uint(4, { min: HOUR, max: MAX_TTL }),
    gpus: optional(gpuPins),
    collateral: record<AdmissionPolicy['collateral']>({
      revocation: oneOf({ required: 0, when_given: 1 }),
      maxAge: uint(4, { min: 1, max: 365 * DAY }),
      grace: uint(4, { max: 30 * DAY }),
    }),
  })
