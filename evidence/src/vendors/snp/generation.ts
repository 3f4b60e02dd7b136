import { VouchError } from '@vouch/protocol'
import type { Generation, Tcb } from './types.js'

/** Where each patch level lies in a TCB version of eight bytes, and which of them are reserved. */
interface TcbLayout {
  readonly fmc?: number
  readonly bootloader: number
  readonly tee: number
  readonly snp: number
  readonly microcode: number
  readonly reserved: readonly number[]
}

/** AMD 56860, section 2.2, "TCB Version", for Milan and Genoa, and for Turin. */
const UP_TO_GENOA: TcbLayout = { bootloader: 0, tee: 1, snp: 6, microcode: 7, reserved: [2, 3, 4, 5] }
const SINCE_TURIN: TcbLayout = { fmc: 0, bootloader: 1, tee: 2, snp: 3, microcode: 7, reserved: [4, 5, 6] }

export interface GenerationTraits {
  /** Product names in certificates, before a stepping such as "-B0" (KDS specification, 57230). */
  readonly products: readonly string[]
  /** CPUID families, each with its runs of models. */
  readonly cpuid: { readonly family: number; readonly models: readonly (readonly [number, number])[] }
  readonly chipIdBytes: number
  readonly tcb: TcbLayout
}

export const GENERATIONS: Readonly<Record<Generation, GenerationTraits>> = {
  milan: {
    products: ['Milan'],
    cpuid: { family: 0x19, models: [[0x00, 0x0f]] },
    chipIdBytes: 64,
    tcb: UP_TO_GENOA,
  },
  genoa: {
    products: ['Genoa', 'Bergamo', 'Siena'],
    cpuid: {
      family: 0x19,
      models: [
        [0x10, 0x1f],
        [0xa0, 0xaf],
      ],
    },
    chipIdBytes: 64,
    tcb: UP_TO_GENOA,
  },
  turin: {
    products: ['Turin'],
    cpuid: { family: 0x1a, models: [[0x00, 0x1f]] },
    chipIdBytes: 8,
    tcb: SINCE_TURIN,
  },
  simulated: {
    products: ['Simulated'],
    cpuid: { family: 0, models: [[0, 0]] },
    chipIdBytes: 64,
    tcb: UP_TO_GENOA,
  },
}

/** The patch levels in eight bytes. */
export function decodeTcb(bytes: Uint8Array, generation: Generation): Tcb {
  const { reserved, fmc, bootloader, tee, snp, microcode } = GENERATIONS[generation].tcb
  const level = (offset: number): number => bytes[offset] ?? 0
  if (reserved.some((offset) => level(offset) !== 0))
    throw new VouchError('NOT_CANONICAL', { rule: 'reserved bytes of a TCB version must be zero' })
  return {
    ...(fmc === undefined ? {} : { fmc: level(fmc) }),
    bootloader: level(bootloader),
    tee: level(tee),
    snp: level(snp),
    microcode: level(microcode),
  }
}

/** The eight bytes of patch levels. */
export function encodeTcb(tcb: Tcb, generation: Generation): Uint8Array {
  const { fmc, bootloader, tee, snp, microcode } = GENERATIONS[generation].tcb
  const bytes = new Uint8Array(8)
  if (fmc !== undefined) bytes[fmc] = tcb.fmc ?? 0
  bytes[bootloader] = tcb.bootloader
  bytes[tee] = tcb.tee
  bytes[snp] = tcb.snp
  bytes[microcode] = tcb.microcode
  return bytes
}

/** Patch levels for a person. */
export function tcbText(tcb: Tcb): string {
  const levels = [
    ...(tcb.fmc === undefined ? [] : [`fmc ${tcb.fmc}`]),
    `bootloader ${tcb.bootloader}`,
    `tee ${tcb.tee}`,
    `snp ${tcb.snp}`,
    `microcode ${tcb.microcode}`,
  ]
  return levels.join(', ')
}

/** Whether a certificate's product name, with or without a stepping, is one of the generation's. */
export function isProductOf(product: string, generation: Generation): boolean {
  return GENERATIONS[generation].products.includes(product.replace(/-[A-Z][0-9]$/, ''))
}

/** Whether a processor with this CPUID is of the generation. */
export function isOfGeneration(
  [family, model]: readonly [family: number, model: number, stepping: number],
  generation: Generation,
): boolean {
  const { cpuid } = GENERATIONS[generation]
  return family === cpuid.family && cpuid.models.some(([first, last]) => model >= first && model <= last)
}
