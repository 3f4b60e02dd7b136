import { toHex } from '@vouch/protocol'
import { type Codec, fixedBytes, flag, list, record, text } from '@vouch/protocol/codec'
import { anchorOf } from '../../core/anchors.js'
import { unsound } from '../../core/policy/frame.js'
import { NVIDIA_ANCHORS } from './anchors.js'

/** What must hold of GPUs and switches that come with a machine's evidence. */
export interface GpuPins {
  /** Whether a machine without any is refused. */
  readonly required: boolean
  /** Root keys by the SHA-256 of their SubjectPublicKeyInfo, out of those that are pinned in the library. */
  readonly roots: readonly Uint8Array[]
  /** Accepted versions of driver, of VBIOS, and digests of firmware; an empty list for any. */
  readonly drivers: readonly string[]
  readonly vbios: readonly string[]
  readonly fwids: readonly Uint8Array[]
}

const MAX_VERSIONS = 256

export const gpuPins: Codec<GpuPins> = record<GpuPins>({
  required: flag,
  roots: list(fixedBytes(32), { min: 1, max: 8, anyOrder: true }),
  drivers: list(text(64), { min: 0, max: MAX_VERSIONS, anyOrder: true }),
  vbios: list(text(64), { min: 0, max: MAX_VERSIONS, anyOrder: true }),
  fwids: list(fixedBytes(48), { min: 0, max: MAX_VERSIONS, anyOrder: true }),
})

/** A simulated device is no better than a simulated machine, and a genuine machine is no better than a simulated device in it. */
export function assertSoundGpus({ roots }: GpuPins, simulated: boolean): void {
  for (const root of roots) {
    const anchor = anchorOf(NVIDIA_ANCHORS, root)
    if (anchor === undefined) throw unsound('roots of GPUs must be pinned in the library', toHex(root))
    if ((anchor.kind === 'simulated-nvidia') !== simulated)
      throw unsound('simulated GPUs must stand with simulated machines, and with no others', anchor.name)
  }
}
