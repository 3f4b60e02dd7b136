import { type Checks, equalBytes, gpuDigest, toHex } from '@vouch/protocol'
import type { AppraisalFailure } from '../../core/checks.js'
import { has } from '../../core/want.js'
import type { Slot, VendorClaims } from '../claims.js'
import { gpuDigestOf } from './canonical.js'
import type { GpuPins } from './pins.js'
import type { Device } from './types.js'

/** What a judge knows of the GPUs that evidence must hold: nothing but these, and those under this nonce. */
export interface ExpectedGpus {
  readonly digest: Uint8Array
  readonly nonce: Uint8Array
}

/** Compares devices with what a policy wants of them. */
export function appraiseDevices(
  checks: Checks<AppraisalFailure>,
  devices: readonly Device[],
  pins: GpuPins | undefined,
): void {
  checks.note(devices.length === 0 || pins !== undefined, {
    code: 'GPU_NOT_ACCEPTED',
    rule: 'a policy must say which GPUs it accepts when there are any',
    field: 'gpus',
    wanted: 'none',
    given: `${devices.length}`,
  })
  if (pins === undefined) return
  checks.note(devices.length > 0 || !pins.required, {
    code: 'GPU_NOT_ACCEPTED',
    rule: 'the machine must have a GPU, as the policy wants',
    field: 'gpus.required',
    wanted: 'true',
    given: 'none',
  })
  for (const device of devices) appraiseDevice(checks, device, pins)
}

function appraiseDevice(
  checks: Checks<AppraisalFailure>,
  { name, root, driver = 'none', vbios = 'none', fwid }: Device,
  pins: GpuPins,
): void {
  const want = (holds: boolean, field: string, wanted: readonly string[], given: string): boolean =>
    checks.note(holds, {
      code: 'GPU_NOT_ACCEPTED',
      rule: `${field} of ${name} must be one that the policy names`,
      field: `gpus.${field}`,
      wanted: wanted.join(' or '),
      given,
    })
  want(has(pins.roots, root.spki), 'roots', pins.roots.map(toHex), toHex(root.spki))
  want(pins.drivers.length === 0 || pins.drivers.includes(driver), 'drivers', pins.drivers, driver)
  want(pins.vbios.length === 0 || pins.vbios.includes(vbios), 'vbios', pins.vbios, vbios)
  const isKnown = pins.fwids.length === 0 || (fwid !== undefined && has(pins.fwids, fwid))
  want(isKnown, 'fwids', pins.fwids.map(toHex), fwid === undefined ? 'none' : toHex(fwid))
}

/**
 * Whether devices are this machine's, and answered now: by the digest that the machine binds, where the judge knows what it is
 * made of; else by their nonce, which must stand in what the machine had signed. A machine that signed something else is not
 * one that says these devices are in it, however genuine both are: that is false, as everything needed to see it is there.
 */
export function checkBound(
  checks: Checks<AppraisalFailure>,
  { slots }: VendorClaims,
  devices: readonly Device[],
  expected: ExpectedGpus | undefined,
): void {
  if (expected !== undefined) {
    const digest = devices.length === 0 ? gpuDigest([]) : gpuDigestOf(devices)
    const isThese =
      equalBytes(digest, expected.digest) && devices.every(({ nonce }) => equalBytes(nonce, expected.nonce))
    checks.note(isThese, {
      code: 'GPU_MISMATCH',
      rule: 'the GPUs in the evidence must be those of gpu_digest, asked under the nonce that derives from this one',
      field: 'gpu_digest',
      wanted: toHex(expected.digest),
      given: toHex(digest),
    })
    return
  }
  checkNonces(checks, slots, devices)
}

/** Whether the nonce of each device stands in what a machine had signed. */
export function checkNonces(
  checks: Checks<AppraisalFailure>,
  slots: readonly Slot[],
  devices: readonly { readonly nonce: Uint8Array }[],
): void {
  if (devices.length === 0) return
  checks.note(
    devices.every(({ nonce }) => slots.some(({ bytes }) => holds(bytes, nonce))),
    {
      code: 'GPU_NOT_BOUND',
      rule: 'the nonce of each GPU must stand in what the machine had signed',
      field: slots[0]?.name.toLowerCase() ?? 'slot',
      wanted: devices.map(({ nonce }) => toHex(nonce)).join(' and '),
      given: slots.map(({ bytes }) => toHex(bytes)).join(' or '),
      hint: 'what an agent of this project made binds gpu_digest inside REPORT_DATA: a registrar knows what it is made of',
    },
  )
}

/** As a half of the slot, first or second. */
function holds(bytes: Uint8Array, nonce: Uint8Array): boolean {
  return (
    equalBytes(bytes.subarray(0, nonce.length), nonce) || equalBytes(bytes.subarray(-nonce.length), nonce)
  )
}
