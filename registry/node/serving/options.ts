import { numberArgument, type Terminal } from '@vouch/host/node'
import { shown } from '@vouch/protocol'
import type { ClockTrust } from '../store/index.js'
import { registrarFolder } from './registrar-folder.js'

/** What commands that sign heads share. */
export interface SigningOptions {
  /** The file with the registrar's key. */
  readonly key?: string
}

/** The key that signs: where the operator says, or in the registry's folder. */
export function keyFile(folder: string, { key }: SigningOptions): string {
  return key ?? registrarFolder(folder).signerKey
}

/** What commands share that sign by the clock. */
export interface ClockOptions {
  /** How many hours the clock may be ahead of the newest head. */
  readonly clockAhead?: string
  /** The operator's word that the clock is right. */
  readonly timeIsRight?: true
}

const HOUR = 3600

/** How far the clock is believed; says when somebody sets it. */
export function clockTrust(out: Terminal, { clockAhead, timeIsRight }: ClockOptions): ClockTrust {
  return {
    timeIsRight,
    maxAhead:
      clockAhead === undefined
        ? undefined
        : HOUR * numberArgument(clockAhead, '--clock-ahead', { min: 1, max: 8760 }),
    onJump: (seconds) => {
      const way = seconds > 0 ? 'forward' : 'back'
      out.words(`${out.program}: warning: the clock was set ${way} by ${Math.abs(seconds)} s`)
    },
  }
}

/** Says that the private log was not written. */
export const auditWarning =
  (out: Terminal) =>
  (error: unknown): void =>
    out.words(`${out.program}: error: the private log was not written: ${shown(error)}`)
