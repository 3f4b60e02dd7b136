import { type Codec, fixedBytes, flag, list, oneOf, record, text, uint, version } from '@vouch/protocol/codec'
import type { KindName } from '../kinds.js'
import type { Endorsement, Generation, Tcb } from '../snp/types.js'
import { orWord, someOf } from './codecs.js'

/**
 * What must hold of a report in SNP's format. All members must be there: what a policy does not pin, anyone with a stock
 * confidential machine may choose, REPORT_DATA included.
 */
export interface SnpPins {
  /** Root keys by the SHA-256 of their SubjectPublicKeyInfo, out of those that are pinned in the library. */
  readonly roots: readonly Uint8Array[]
  readonly endorsements: readonly Endorsement[]
  /**
   * What makes MEASUREMENT cover all that boots. `kernel_hashes` declares that the measured firmware holds hashes of kernel,
   * initial disk and command line, and boots nothing else. There is no other value yet: firmware alone is not the guest.
   */
  readonly boot: 'kernel_hashes'
  readonly measurements: readonly Uint8Array[]
  readonly vmpl: readonly number[]
  /** What the guest's policy may allow. */
  readonly guestPolicy: { readonly debug: boolean; readonly migration: boolean; readonly smt: boolean }
  /** The lowest TCB for each generation that is accepted; a generation without one is not. */
  readonly tcb: Readonly<Partial<Record<Generation, Tcb>>>
}

/** What evidence is good enough to be admitted. Its hash is the policy id that every leaf carries. */
export interface AdmissionPolicy {
  readonly version: 1
  readonly name: string
  readonly evidence: Readonly<Partial<Record<KindName, SnpPins>>>
  readonly osImages: readonly Uint8Array[]
  /** Most live leaves of one machine; `none` for no such limit, in words. */
  readonly quota: number | 'none'
  /** How long a leaf is good for, in seconds. */
  readonly ttl: number
  /** Revocation lists: how old they may be, and how long past their next update a leaf may live; in seconds. */
  readonly collateral: { readonly maxAge: number; readonly grace: number }
}

const HOUR = 3600
const DAY = 24 * HOUR
export const MAX_TTL = 7 * DAY
/** What `bob policy init` writes. */
export const USUAL_TTL = 2 * DAY

const level = uint(1, { max: 255 })
const levels = { bootloader: level, tee: level, snp: level, microcode: level }
const tcb: Codec<Tcb> = record<Omit<Tcb, 'fmc'>>(levels)
const tcbWithFmc: Codec<Tcb> = record<Required<Tcb>>({ fmc: level, ...levels })

const ENDORSEMENTS: Readonly<Record<Endorsement, number>> = { vcek: 0, vlek: 1 }

function snpPins(generations: Codec<SnpPins['tcb']>): Codec<SnpPins> {
  return record<SnpPins>({
    roots: list(fixedBytes(32), { min: 1, max: 8, anyOrder: true }),
    endorsements: list(oneOf(ENDORSEMENTS), { min: 1, max: 2, anyOrder: true }),
    boot: oneOf({ kernel_hashes: 0 }),
    measurements: list(fixedBytes(48), { min: 1, max: 256, anyOrder: true }),
    vmpl: list(uint(1, { max: 3 }), { min: 1, max: 4, anyOrder: true }),
    guestPolicy: record<SnpPins['guestPolicy']>({ debug: flag, migration: flag, smt: flag }),
    tcb: generations,
  })
}

export const admissionPolicyCodec: Codec<AdmissionPolicy> = record<AdmissionPolicy>({
  version: version(1),
  name: text(100),
  evidence: someOf<AdmissionPolicy['evidence']>({
    'sev-snp': snpPins(
      someOf<Pick<SnpPins['tcb'], 'milan' | 'genoa' | 'turin'>>({
        milan: tcb,
        genoa: tcb,
        turin: tcbWithFmc,
      }),
    ),
    'simulated-snp': snpPins(someOf<Pick<SnpPins['tcb'], 'simulated'>>({ simulated: tcb })),
  }),
  osImages: list(fixedBytes(32), { min: 1, max: 256, anyOrder: true }),
  quota: orWord(uint(4, { min: 1, max: 2 ** 20 }), 'none'),
  ttl: uint(4, { min: HOUR, max: MAX_TTL }),
  collateral: record<AdmissionPolicy['collateral']>({
    maxAge: uint(4, { min: 1, max: 365 * DAY }),
    grace: uint(4, { max: 30 * DAY }),
  }),
})
