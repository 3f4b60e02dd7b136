import { equalBytes, toHex } from '@vouch/protocol'
import { type Codec, fixedBytes, flag, list, oneOf, record, uint } from '@vouch/protocol/codec'
import { someOf } from '../../core/policy/codecs.js'
import { unsound, type VendorFrame } from '../../core/policy/frame.js'
import { SNP_ANCHORS } from './anchors.js'
import type { EndorsementKey, Generation, Tcb } from './types.js'

/**
 * What must hold of a report in SNP's format. All members must be there: what a policy does not pin, anyone with a stock
 * confidential machine may choose, REPORT_DATA included.
 */
export interface SnpPins {
  /** Root keys by the SHA-256 of their SubjectPublicKeyInfo, out of those that are pinned in the library. */
  readonly roots: readonly Uint8Array[]
  readonly endorsements: readonly EndorsementKey[]
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

const level = uint(1, { max: 255 })
const levels = { bootloader: level, tee: level, snp: level, microcode: level }
const tcb: Codec<Tcb> = record<Omit<Tcb, 'fmc'>>(levels)
const tcbWithFmc: Codec<Tcb> = record<Required<Tcb>>({ fmc: level, ...levels })

const ENDORSEMENTS: Readonly<Record<EndorsementKey, number>> = { vcek: 0, vlek: 1 }

/** What is pinned of a report whatever it was made for, member by member. */
export const snpPinsMembers = {
  roots: list(fixedBytes(32), { min: 1, max: 8, anyOrder: true }),
  endorsements: list(oneOf(ENDORSEMENTS), { min: 1, max: 2, anyOrder: true }),
  measurements: list(fixedBytes(48), { min: 1, max: 256, anyOrder: true }),
  guestPolicy: record<SnpPins['guestPolicy']>({ debug: flag, migration: flag, smt: flag }),
} as const

function pinsFor(generations: Codec<SnpPins['tcb']>): Codec<SnpPins> {
  const { roots, endorsements, measurements, guestPolicy } = snpPinsMembers
  return record<SnpPins>({
    roots,
    endorsements,
    boot: oneOf({ kernel_hashes: 0 }),
    measurements,
    vmpl: list(uint(1, { max: 3 }), { min: 1, max: 4, anyOrder: true }),
    guestPolicy,
    tcb: generations,
  })
}

export const genuineTcb: Codec<SnpPins['tcb']> = someOf<Pick<SnpPins['tcb'], 'milan' | 'genoa' | 'turin'>>({
  milan: tcb,
  genoa: tcb,
  turin: tcbWithFmc,
})
export const simulatedTcb: Codec<SnpPins['tcb']> = someOf<Pick<SnpPins['tcb'], 'simulated'>>({
  simulated: tcb,
})

export const snpPins: Codec<SnpPins> = pinsFor(genuineTcb)
export const simulatedSnpPins: Codec<SnpPins> = pinsFor(simulatedTcb)

export function assertSoundSnp(
  kind: string,
  pins: Pick<SnpPins, 'roots' | 'endorsements' | 'tcb'>,
  { quota }: VendorFrame,
): void {
  const anchors = pins.roots.map((root) => {
    const anchor = SNP_ANCHORS.find(
      (candidate) => candidate.kind === kind && equalBytes(candidate.spki, root),
    )
    if (anchor === undefined) throw unsound(`roots of ${kind} must be pinned in the library`, toHex(root))
    return anchor
  })
  const floors = Object.keys(pins.tcb)
  for (const { generation, name } of anchors) {
    if (!floors.includes(generation))
      throw unsound(`a policy that accepts the root ${name} must say the lowest TCB of ${generation}`)
  }
  for (const floor of floors) {
    if (!anchors.some(({ generation }) => generation === floor))
      throw unsound('a TCB must be of a generation whose root is accepted', floor)
  }
  if (quota !== 'none' && pins.endorsements.includes('vlek')) {
    throw unsound(
      'a policy that accepts a VLEK must have quota none: a VLEK names no machine to count',
      `${quota}`,
    )
  }
}

export function warningsOfSnp({ guestPolicy, tcb }: Pick<SnpPins, 'guestPolicy' | 'tcb'>): readonly string[] {
  const zeros = Object.entries(tcb).filter(([, { snp, microcode }]) => snp === 0 && microcode === 0)
  return [
    ...(guestPolicy.debug ? ['hosts may debug guests, and read all that is in them'] : []),
    ...(guestPolicy.migration ? ['guests may be migrated by an agent that nothing here judges'] : []),
    ...zeros.map(
      ([generation]) => `every firmware of ${generation} will do, those with published holes included`,
    ),
  ]
}
