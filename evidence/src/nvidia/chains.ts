import { equalBytes } from '@vouch/protocol'
import type { Certificate } from '../x509/certificate.js'
import { isDeviceLeaf } from './dice.js'

/**
 * Tells the certificates of devices from those of the machine they are in: the keys that sign for devices, and whoever issued
 * them, by name. A certificate that is drawn to the wrong side by a name is then missing on the other.
 */
export function splitChains(certificates: readonly Certificate[]): {
  readonly ofDevices: readonly Certificate[]
  readonly rest: readonly Certificate[]
} {
  const ofDevices = new Set(certificates.filter(isDeviceLeaf))
  // A set that grows while it is walked is walked to its end.
  for (const { issuer } of ofDevices) {
    for (const candidate of certificates) if (equalBytes(candidate.subject, issuer)) ofDevices.add(candidate)
  }
  return { ofDevices: [...ofDevices], rest: certificates.filter((one) => !ofDevices.has(one)) }
}
