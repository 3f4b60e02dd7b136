import { equalBytes, toHex } from '@vouch/protocol'
import { type Codec, fixedBytes, flag, list, oneOf, record, uint } from '@vouch/protocol/codec'
import { someOf } from '../../core/policy/codecs.js'
import { unsound } from '../../core/policy/frame.js'
import { DCAP_ANCHORS } from './anchors.js'
import type { TcbStatus } from './types.js'

/** Statuses that a policy may accept: a revoked platform, or one below every level, is nobody's to accept. */
export type AcceptableStatus = Exclude<TcbStatus, 'Revoked' | 'NotSupported'>

interface DcapPins {
  /** Root keys by the SHA-256 of their SubjectPublicKeyInfo, out of those that are pinned in the library. */
  readonly roots: readonly Uint8Array[]
  readonly tcb: {
    readonly statuses: readonly AcceptableStatus[]
    /** The least tcbEvaluationDataNumber: documents from before it know nothing of what was found since. */
    readonly minEvaluation: number
  }
}

/** One image of a guest, from its firmware to its initial disk. Values of two images make no third. */
export interface GuestMeasurements {
  readonly mrtd: Uint8Array
  readonly rtmr0: Uint8Array
  readonly rtmr1: Uint8Array
  readonly rtmr2: Uint8Array
}

export interface TdxPins extends DcapPins {
  readonly measurements: readonly GuestMeasurements[]
  /** What the guest's attributes may have set; `septVe` is that its host may inject exceptions by taking pages away. */
  readonly tdAttributes: {
    readonly debug: boolean
    readonly migratable: boolean
    readonly perfmon: boolean
    readonly septVe: boolean
  }
}

/** An enclave by who signed it: every version from the given one up. */
export interface EnclaveSigner {
  readonly mrsigner: Uint8Array
  readonly isvProdId: number
  readonly isvSvn: number
}

export interface SgxPins extends DcapPins {
  /** By measurement, by signer, or both: one that fits is enough. */
  readonly enclaves: {
    readonly mrenclaves?: readonly Uint8Array[]
    readonly signers?: readonly EnclaveSigner[]
  }
  readonly attributes: { readonly debug: boolean }
}

const STATUSES: Readonly<Record<AcceptableStatus, number>> = {
  UpToDate: 0,
  SWHardeningNeeded: 1,
  ConfigurationNeeded: 2,
  ConfigurationAndSWHardeningNeeded: 3,
  OutOfDate: 4,
  OutOfDateConfigurationNeeded: 5,
}

/** What is accepted when nobody has a policy, and what `bob policy init` writes. */
export const USUAL_STATUSES: readonly AcceptableStatus[] = ['UpToDate', 'SWHardeningNeeded']

const roots = list(fixedBytes(32), { min: 1, max: 8, anyOrder: true })
const tcb: Codec<DcapPins['tcb']> = record<DcapPins['tcb']>({
  statuses: list(oneOf(STATUSES), { min: 1, max: 6, anyOrder: true }),
  minEvaluation: uint(4, { max: 0xffff_ffff }),
})
const register = fixedBytes(48)

export const tdxPinsMembers = {
  roots,
  measurements: list(
    record<GuestMeasurements>({ mrtd: register, rtmr0: register, rtmr1: register, rtmr2: register }),
    { min: 1, max: 256, anyOrder: true },
  ),
  tdAttributes: record<TdxPins['tdAttributes']>({
    debug: flag,
    migratable: flag,
    perfmon: flag,
    septVe: flag,
  }),
  tcb,
} as const

export const tdxPins: Codec<TdxPins> = record<TdxPins>(tdxPinsMembers)

const svn = uint(2, { max: 0xffff })

export const sgxPins: Codec<SgxPins> = record<SgxPins>({
  roots,
  enclaves: someOf<SgxPins['enclaves']>({
    mrenclaves: list(fixedBytes(32), { min: 1, max: 256, anyOrder: true }),
    signers: list(record<EnclaveSigner>({ mrsigner: fixedBytes(32), isvProdId: svn, isvSvn: svn }), {
      min: 1,
      max: 64,
      anyOrder: true,
    }),
  }),
  attributes: record<SgxPins['attributes']>({ debug: flag }),
  tcb,
})

export function assertSoundDcap(kind: string, { roots }: DcapPins): void {
  for (const root of roots) {
    const isPinned = DCAP_ANCHORS.some((anchor) => anchor.kind === kind && equalBytes(anchor.spki, root))
    if (!isPinned) throw unsound(`roots of ${kind} must be pinned in the library`, toHex(root))
  }
}

export function warningsOfTdx({ tdAttributes, tcb }: TdxPins): readonly string[] {
  const found = tdAttributes.debug ? ['hosts may debug guests, and read all that is in them'] : []
  if (tdAttributes.migratable)
    found.push('guests may be migrated by a service guest that nothing here judges')
  return [...found, ...warningsOfTcb(tcb)]
}

export function warningsOfSgx({ attributes, enclaves, tcb }: SgxPins): readonly string[] {
  const found = attributes.debug ? ['hosts may debug enclaves, and read all that is in them'] : []
  if (enclaves.signers !== undefined) found.push('whatever the named signers sign next is accepted too')
  return [...found, ...warningsOfTcb(tcb)]
}

function warningsOfTcb({ statuses, minEvaluation }: DcapPins['tcb']): readonly string[] {
  const found = statuses.some((status) => status.startsWith('OutOfDate'))
    ? ['platforms with published holes will do']
    : []
  if (minEvaluation === 0)
    found.push("any of Intel's documents that is in force will do, the oldest included")
  return found
}
