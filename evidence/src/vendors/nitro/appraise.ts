import { type Checks, equalBytes, toHex } from '@vouch/protocol'
import type { AppraisalFailure } from '../../core/checks.js'
import { has, wantOf, wantRoot } from '../../core/want.js'
import type { EnclaveImage, NitroPins } from './pins.js'
import type { NitroClaims } from './types.js'

const NO_DEBUG = {
  code: 'DEBUG_NOT_ACCEPTED',
  rule: 'the enclave must not let its parent debug it: PCR0 must not be zero',
  field: 'debug',
  wanted: 'false',
  given: 'true',
} as const

export function appraiseNitro(
  checks: Checks<AppraisalFailure>,
  { root, pcrs, debug }: NitroClaims,
  pins: NitroPins,
): void {
  const want = wantOf(checks)
  wantRoot(want, pins.roots, root)
  checks.note(!debug || pins.debug, NO_DEBUG)
  const isPinned = pins.images.some((image) => NAMES.every((name) => equals(image[name], pcrs[name])))
  want(isPinned || (debug && pins.debug), 'MEASUREMENT_NOT_ACCEPTED', 'images', {
    rule: 'PCR0, PCR1 and PCR2 together must be those of an image that the policy names',
    wanted: pins.images.map((image) => words((name) => image[name])).join(' or '),
    given: words((name) => pcrs[name]),
  })
  const signer = pcrs.pcr8 ?? new Uint8Array()
  want(pins.signers.length === 0 || has(pins.signers, signer), 'MEASUREMENT_NOT_ACCEPTED', 'signers', {
    rule: 'PCR8 must be of a signer that the policy names',
    wanted: pins.signers.map(toHex).join(' or '),
    given: toHex(signer),
  })
}

/** What holds of an enclave whoever asks: that its parent cannot look into it. */
export function inspectNitro(checks: Checks<AppraisalFailure>, { debug }: NitroClaims): void {
  checks.note(!debug, NO_DEBUG)
  checks.leave('PCR0 to PCR2: no policy was given')
}

const NAMES: readonly (keyof EnclaveImage)[] = ['pcr0', 'pcr1', 'pcr2']

const words = (register: (name: keyof EnclaveImage) => Uint8Array | undefined): string =>
  NAMES.map((name) => `${name} ${toHex(register(name) ?? new Uint8Array())}`).join(', ')

const equals = (wanted: Uint8Array, given: Uint8Array | undefined): boolean =>
  given !== undefined && equalBytes(wanted, given)
