import type { Codec } from '@vouch/protocol/codec'
import type { AppraisalFailure, Checks } from './checks.js'
import { appraiseSgx, appraiseTdx, inspectSgx, inspectTdx } from './dcap/appraise.js'
import {
  assertSoundDcap,
  type SgxPins,
  sgxPins,
  type TdxPins,
  tdxPins,
  warningsOfSgx,
  warningsOfTdx,
} from './dcap/pins.js'
import type { SgxClaims, TdxClaims } from './dcap/types.js'
import type { Claims } from './evidence.js'
import type { PolicyFrame } from './policy/frame.js'
import { appraiseSnp, inspectSnp } from './snp/appraise.js'
import { assertSoundSnp, type SnpPins, simulatedSnpPins, snpPins, warningsOfSnp } from './snp/pins.js'
import type { SnpClaims } from './snp/types.js'

/** Which pins a policy has for a kind, and what authentic evidence of the kind claims. */
interface KindTypes {
  readonly 'sev-snp': { readonly pins: SnpPins; readonly claims: SnpClaims }
  readonly 'simulated-snp': { readonly pins: SnpPins; readonly claims: SnpClaims }
  readonly tdx: { readonly pins: TdxPins; readonly claims: TdxClaims }
  readonly 'simulated-tdx': { readonly pins: TdxPins; readonly claims: TdxClaims }
  readonly sgx: { readonly pins: SgxPins; readonly claims: SgxClaims }
  readonly 'simulated-sgx': { readonly pins: SgxPins; readonly claims: SgxClaims }
}

export type KindName = keyof KindTypes
export type PinsOf<Name extends KindName> = KindTypes[Name]['pins']

/** A kind of evidence: how a policy pins it, and how claims are compared with pins. */
export interface Kind<Pins, C extends Claims> {
  /** Simulated kinds stand apart: a policy that names one names no other. */
  readonly simulated: boolean
  readonly title: string
  readonly pins: Codec<Pins>
  /** Refuses pins that would hold nothing off. */
  assertSound(kind: KindName, pins: Pins, policy: PolicyFrame): void
  /** What a person should know of pins that load, before they rely on them. */
  warnings(pins: Pins): readonly string[]
  /** Compares all claims with all pins: a person who is refused sees everything that is in the way. */
  appraise(checks: Checks<AppraisalFailure>, claims: C, pins: Pins): void
  /** What must hold even when nobody has a policy. */
  inspect(checks: Checks<AppraisalFailure>, claims: C): void
}

const TDX = {
  pins: tdxPins,
  assertSound: assertSoundDcap,
  warnings: warningsOfTdx,
  appraise: appraiseTdx,
  inspect: inspectTdx,
} as const
const SGX = {
  pins: sgxPins,
  assertSound: assertSoundDcap,
  warnings: warningsOfSgx,
  appraise: appraiseSgx,
  inspect: inspectSgx,
} as const

/** Every kind of evidence. */
export const KINDS: { readonly [Name in KindName]: Kind<PinsOf<Name>, KindTypes[Name]['claims']> } = {
  'sev-snp': {
    simulated: false,
    title: 'AMD SEV-SNP',
    pins: snpPins,
    assertSound: assertSoundSnp,
    warnings: warningsOfSnp,
    appraise: appraiseSnp,
    inspect: inspectSnp,
  },
  'simulated-snp': {
    simulated: true,
    title: 'SEV-SNP format under the simulated vendor: worth nothing',
    pins: simulatedSnpPins,
    assertSound: assertSoundSnp,
    warnings: warningsOfSnp,
    appraise: appraiseSnp,
    inspect: inspectSnp,
  },
  tdx: { simulated: false, title: 'Intel TDX', ...TDX },
  'simulated-tdx': {
    simulated: true,
    title: 'TDX format under the simulated vendor: worth nothing',
    ...TDX,
  },
  sgx: { simulated: false, title: 'Intel SGX', ...SGX },
  'simulated-sgx': {
    simulated: true,
    title: 'SGX format under the simulated vendor: worth nothing',
    ...SGX,
  },
}

/** The kind by its name. Its pins and claims are its own, which the compiler cannot follow through a lookup. */
export function kindOf(name: KindName): Kind<unknown, Claims> {
  return KINDS[name] as unknown as Kind<unknown, Claims>
}

/** Whether a word names a kind. */
export const isKindName = (word: string): word is KindName => Object.hasOwn(KINDS, word)

export const isSimulatedKind = (kind: KindName): boolean => KINDS[kind].simulated
