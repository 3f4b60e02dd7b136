import { compareBytes, gpuDigest } from '@vouch/protocol'
import type { Device } from './types.js'

/**
 * gpu_digest of devices: over request and response with its signature, without padding, in ascending order of their bytes. Who
 * binds it binds these very answers, and through the nonce in them the moment.
 */
export function gpuDigestOf(devices: readonly Device[]): Uint8Array {
  return gpuDigest(devices.map(({ canonical }) => canonical).sort(compareBytes))
}
