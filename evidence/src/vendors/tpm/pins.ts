import { equalBytes, toHex } from '@vouch/protocol'
import { boundedBytes, type Codec, fixedBytes, list, oneOf, record, uint } from '@vouch/protocol/codec'
import { orWord } from '../../core/policy/codecs.js'
import { unsound } from '../../core/policy/frame.js'
import { HASHES, PCR_COUNT, type TpmHash } from '../eventlog/banks.js'
import { TPM_ANCHORS } from './anchors.js'

/** SHA-1 is not among them: whoever finds two boot loaders of one digest boots the other. */
export type StrongHash = Exclude<TpmHash, 'sha1'>

/** What must hold of a quote, whoever vouches for its key. */
export interface QuotePins {
  /** Hashes of a signature that will do. */
  readonly hashes: readonly StrongHash[]
  /** What measures all that boots: it says which PCRs must be pinned at least. */
  readonly boot: keyof typeof BOOT
  /** The bank whose values are pinned. */
  readonly bank: StrongHash
  /** Accepted values, of each PCR once. */
  readonly pcrs: readonly { readonly index: number; readonly values: readonly Uint8Array[] }[]
}

/** What must hold of a TPM that stands alone. */
export interface TpmPins extends QuotePins {
  /** The words that say what is given up. */
  readonly confidential: typeof NOT_CONFIDENTIAL
  /** Root keys by the SHA-256 of their SubjectPublicKeyInfo, out of those that are pinned in the library. */
  readonly roots: readonly Uint8Array[]
  /** Attestation keys that will do without a chain, by the same hash. */
  readonly keys: readonly Uint8Array[]
  readonly firmware: readonly Uint8Array[] | 'any'
}

export const NOT_CONFIDENTIAL = 'no: a TPM attests what booted, and hides no memory from its host'

/**
 * Which PCRs cover all that boots ("TCG PC Client Platform Firmware Profile", section 3.3.4): firmware (0), option ROMs (2),
 * what firmware starts (4), under which keys (7); and what comes after.
 */
export const BOOT = {
  /** GRUB measures its commands, kernel command line included (8), and every file it reads (9). */
  grub: [0, 2, 4, 7, 8, 9],
  /** A unified kernel image is one file that firmware starts, and its stub measures its parts (11). */
  unified_kernel: [0, 2, 4, 7, 11],
} as const

const strongHash: Codec<StrongHash> = oneOf<StrongHash>({ sha256: 0, sha384: 1, sha512: 2 })
const pcrPin = record<QuotePins['pcrs'][number]>({
  index: uint(1, { max: PCR_COUNT - 1 }),
  values: list(boundedBytes(32, 64), { min: 1, max: 256, anyOrder: true }),
})

export const quotePinsMembers = {
  hashes: list(strongHash, { min: 1, max: 3, anyOrder: true }),
  boot: oneOf<QuotePins['boot']>({ grub: 0, unified_kernel: 1 }),
  bank: strongHash,
  pcrs: list(pcrPin, { min: 1, max: PCR_COUNT, anyOrder: true }),
} as const

export const tpmPins: Codec<TpmPins> = record<TpmPins>({
  confidential: oneOf<TpmPins['confidential']>({ [NOT_CONFIDENTIAL]: 0 }),
  roots: list(fixedBytes(32), { min: 0, max: 8, anyOrder: true }),
  keys: list(fixedBytes(32), { min: 0, max: 4096, anyOrder: true }),
  firmware: orWord(list(fixedBytes(8), { min: 1, max: 64, anyOrder: true }), 'any', 'a list'),
  ...quotePinsMembers,
})

export function assertSoundTpm(kind: string, pins: TpmPins): void {
  const stranger = pins.roots.find(
    (root) => !TPM_ANCHORS.some((anchor) => anchor.kind === kind && equalBytes(anchor.spki, root)),
  )
  if (stranger !== undefined) throw unsound(`roots of ${kind} must be pinned in the library`, toHex(stranger))
  if (pins.roots.length + pins.keys.length === 0)
    throw unsound(`a policy for ${kind} must name roots or keys: a key that nobody vouches for is anybody’s`)
  assertBootComplete(pins)
}

/** What is not pinned, whoever boots the machine chooses: REPORT_DATA included. */
export function assertBootComplete({ boot, bank, pcrs }: QuotePins): void {
  const pinned = pcrs.map(({ index }) => index)
  if (new Set(pinned).size < pinned.length) throw unsound('a PCR must be pinned once', pinned.join(', '))
  const missing = BOOT[boot].filter((index) => !pinned.includes(index))
  if (missing.length > 0)
    throw unsound(
      `PCRs ${BOOT[boot].join(', ')} must be pinned where ${boot} boots`,
      `none for ${missing.join(', ')}`,
    )
  const { bytes } = HASHES[bank]
  const wrong = pcrs.find(({ values }) => values.some(({ length }) => length !== bytes))
  if (wrong !== undefined)
    throw unsound(`PCR values of ${bank} must have ${bytes} bytes`, `PCR ${wrong.index}`)
}

export function warningsOfTpm({ keys, firmware }: TpmPins): readonly string[] {
  return [
    'whoever runs the machine reads its memory, service keys included',
    ...(keys.length > 0
      ? ['keys will do for which no chain vouches: that a TPM holds them, you say yourself']
      : []),
    ...(firmware === 'any' ? ['every firmware of a TPM will do, those with published holes included'] : []),
  ]
}
