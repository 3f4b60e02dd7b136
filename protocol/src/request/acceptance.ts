import { shown, VouchError } from '../errors.js'
import { fieldFromHash } from '../hashes/field.js'
import { type Codec, decode, encode, mismatch, parseFile, printFile } from '../notation/codec.js'
import { record } from '../notation/composites.js'
import { type Json, jsonObject } from '../notation/json.js'
import { fixedBytes, flag, oneOf, uint, version } from '../notation/scalars.js'
import { PROFILE_IDS, type ProfileName } from '../statements/envelope.js'
import { type Freshness, freshness } from './freshness.js'
import { drvs, policyIds } from './request.js'

/** Services that are believed under one digest profile, for each profile that is believed at all. */
export type ServicesByProfile = Readonly<Partial<Record<ProfileName, readonly Uint8Array[]>>>

/** Whom Bob believes, and how fresh things must be. A person writes this; the Request commits to it. */
export interface AcceptancePolicy {
  readonly version: 1
  readonly registry: { readonly id: Uint8Array; readonly signer: Uint8Array }
  /** How far clocks may disagree, in seconds. */
  readonly clockSkew: number
  /** The oldest head, and the oldest Request, that count; in seconds. */
  readonly headAge: number
  readonly requestAge: number
  readonly freshness: Freshness
  /** Whether policies that admit simulated evidence are believed: for development alone. */
  readonly simulated: boolean
  readonly policies: readonly bigint[]
  readonly services: ServicesByProfile
}

const MAX_AGE = 31_536_000
const profile = oneOf(PROFILE_IDS)
const profileNames = Object.keys(PROFILE_IDS) as ProfileName[]
const services = drvs(true)

const namedIn = (value: ServicesByProfile): ProfileName[] =>
  profileNames.filter((name) => value[name] !== undefined)

function assertNamed(value: ServicesByProfile, at: string): ServicesByProfile {
  if (namedIn(value).length > 0) return value
  throw new VouchError('VALUE_OUT_OF_RANGE', { rule: `${at} must name services under one profile at least` })
}

/** In bytes: a count, then number and list for each profile, by ascending number. */
const servicesByProfile: Codec<ServicesByProfile> = {
  write: (out, value, at) => {
    const names = namedIn(assertNamed(value, at))
    out.uint(names.length, 1)
    for (const name of names) {
      profile.write(out, name, at)
      services.write(out, value[name] ?? [], `${at}.${name}`)
    }
  },
  read: (input, at) => {
    const count = Number(input.uint(1, `count of ${at}`))
    let last = -1
    const entries = Array.from({ length: Math.min(count, profileNames.length + 1) }, () => {
      const name = profile.read(input, at)
      if (PROFILE_IDS[name] <= last)
        throw new VouchError('NOT_ASCENDING', { rule: `${at} must be distinct and ascend`, given: name })
      last = PROFILE_IDS[name]
      return [name, services.read(input, `${at}.${name}`)] as const
    })
    return assertNamed(Object.fromEntries(entries), at)
  },
  toJson: (value) => new Map(namedIn(value).map((name) => [name, services.toJson(value[name] ?? [])])),
  fromJson: (json, at) => {
    if (!(json instanceof Map)) mismatch(at, 'an object', json)
    const entries = [...(json as ReadonlyMap<string, Json>)].map(([name, value]) => {
      const known = profileNames.find((candidate) => candidate === name)
      if (known === undefined)
        throw new VouchError('MEMBER_UNKNOWN', { rule: `${at} must name known profiles`, given: shown(name) })
      return [known, services.fromJson(value, `${at}.${name}`)] as const
    })
    return assertNamed(Object.fromEntries(entries), at)
  },
  schema: jsonObject({
    type: 'object',
    properties: new Map(profileNames.map((name) => [name, services.schema])),
    minProperties: 1,
    additionalProperties: false,
  }),
}

export const acceptanceCodec: Codec<AcceptancePolicy> = record<AcceptancePolicy>({
  version: version(1),
  registry: record<AcceptancePolicy['registry']>({ id: fixedBytes(32), signer: fixedBytes(33) }),
  clockSkew: uint(4, { max: 3600 }),
  headAge: uint(4, { min: 1, max: MAX_AGE }),
  requestAge: uint(4, { min: 1, max: MAX_AGE }),
  freshness,
  simulated: flag,
  policies: policyIds(true),
  services: servicesByProfile,
})

export const encodeAcceptance = (policy: AcceptancePolicy): Uint8Array =>
  encode(acceptanceCodec, policy, 'acceptance policy')
export const decodeAcceptance = (bytes: Uint8Array): AcceptancePolicy =>
  decode(acceptanceCodec, bytes, 'acceptance policy')
export const parseAcceptance = (file: string | Uint8Array): AcceptancePolicy =>
  parseFile(acceptanceCodec, file, 'acceptance policy')
export const printAcceptance = (policy: AcceptancePolicy): string =>
  printFile(acceptanceCodec, policy, 'acceptance policy')

/** What a Request says of the policy by which its answer will be judged. */
export function acceptanceHash(policy: AcceptancePolicy): bigint {
  return fieldFromHash('vouch-accept-v1', encodeAcceptance(policy))
}
