import { toHex } from '@vouch/protocol'
import { type Codec, fixedBytes, flag, list, record } from '@vouch/protocol/codec'
import { anchorOf } from '../../core/anchors.js'
import { unsound, type VendorFrame } from '../../core/policy/frame.js'
import { NITRO_ANCHORS } from './anchors.js'

/** PCR0 to PCR2: the image file, its kernel with the boot ramdisk, and the application. Together they are all that boots. */
export interface EnclaveImage {
  readonly pcr0: Uint8Array
  readonly pcr1: Uint8Array
  readonly pcr2: Uint8Array
}

/** What must hold of an attestation document. */
export interface NitroPins {
  /** Root keys by the SHA-256 of their SubjectPublicKeyInfo, out of those that are pinned in the library. */
  readonly roots: readonly Uint8Array[]
  readonly images: readonly EnclaveImage[]
  /** PCR8, who signed the image, if that matters: none for whoever did. */
  readonly signers: readonly Uint8Array[]
  /** Whether the parent may debug the enclave. It then has no PCR0 to 2, and images are not looked at. */
  readonly debug: boolean
}

const pcr = fixedBytes(48)

export const nitroPins: Codec<NitroPins> = record<NitroPins>({
  roots: list(fixedBytes(32), { min: 1, max: 8, anyOrder: true }),
  images: list(record<EnclaveImage>({ pcr0: pcr, pcr1: pcr, pcr2: pcr }), {
    min: 1,
    max: 256,
    anyOrder: true,
  }),
  signers: list(pcr, { min: 0, max: 64, anyOrder: true }),
  debug: flag,
})

export function assertSoundNitro(kind: string, pins: NitroPins, { quota }: VendorFrame): void {
  for (const root of pins.roots) {
    if (anchorOf(NITRO_ANCHORS, root)?.kind !== kind)
      throw unsound(`roots of ${kind} must be pinned in the library`, toHex(root))
  }
  if (pins.images.some(({ pcr0 }) => pcr0.every((byte) => byte === 0)))
    throw unsound('an image must have a PCR0 that is not zero: zeros are what debugged enclaves have')
  if (quota !== 'none')
    throw unsound(
      'a policy that accepts Nitro enclaves must have quota none: a document names no machine to count',
      `${quota}`,
    )
}

export function warningsOfNitro({ debug }: NitroPins): readonly string[] {
  return debug ? ['parents may debug enclaves of any image, and read all that is in them'] : []
}
