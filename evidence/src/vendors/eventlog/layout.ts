import { ascii } from '@vouch/protocol'
import { HASHES } from './banks.js'

// "TCG PC Client Platform Firmware Profile Specification", section 10. All numbers are little-endian.

/** 10.2.1, TCG_PCClientPCREvent: PCRIndex, EventType, a digest of SHA-1's length, EventSize, Event. */
export const OLD_DIGEST_BYTES = 20

/** 10.4.5.1, TCG_EfiSpecIDEventStruct: what the first event holds. */
export const SPEC_ID_SIGNATURE = 'Spec ID Event03\0'
/** What follows it: platformClass is 0 for a client and 1 for a server, uintnSize 1 for 32 bits and 2 for 64. */
export const SPEC_ID = {
  platformClass: { offset: 0, size: 4 },
  specVersionMinor: { offset: 4, size: 1 },
  specVersionMajor: { offset: 5, size: 1 },
  specErrata: { offset: 6, size: 1 },
  uintnSize: { offset: 7, size: 1 },
} as const
export const SPEC_ID_FIXED_BYTES = 8

/** 10.4.1: an event that is not measured. */
export const EV_NO_ACTION = 3

/** 10.4.5.3, TCG_EfiStartupLocalityEvent: what such an event starts with, a byte before the locality. */
export const STARTUP_LOCALITY = ascii('StartupLocality\0')

/** "TCG Algorithm Registry", table 3. */
export const EVENT_DIGEST_BYTES: ReadonlyMap<number, number> = new Map(
  Object.values(HASHES).map(({ id, bytes }) => [id, bytes]),
)

/** UEFI, "Virtual Platform CC Event Log": registers of a TDX guest by their index in its log. */
export const CC_REGISTER = { rtmr0: 1, rtmr1: 2, rtmr2: 3, rtmr3: 4 } as const
