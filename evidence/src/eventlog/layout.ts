// "TCG PC Client Platform Firmware Profile Specification", section 10. All numbers are little-endian.

/** 10.2.1, TCG_PCClientPCREvent: PCRIndex, EventType, a digest of SHA-1's length, EventSize, Event. */
export const OLD_DIGEST_BYTES = 20

/** 10.4.5.1, TCG_EfiSpecIDEventStruct: what the first event holds. */
export const SPEC_ID_SIGNATURE = 'Spec ID Event03\0'
/** platformClass, specVersionMinor, specVersionMajor, specErrata, uintnSize. */
export const SPEC_ID_FIXED_BYTES = 8

/** 10.4.1: an event that is not measured. */
export const EV_NO_ACTION = 3

/** "TCG Algorithm Registry", table 3. */
export const HASHES = {
  sha1: { id: 0x0004, bytes: 20 },
  sha256: { id: 0x000b, bytes: 32 },
  sha384: { id: 0x000c, bytes: 48 },
  sha512: { id: 0x000d, bytes: 64 },
} as const

export type LogHash = keyof typeof HASHES

/** UEFI, "Virtual Platform CC Event Log": registers of a TDX guest by their index in its log. */
export const CC_REGISTER = { rtmr0: 1, rtmr1: 2, rtmr2: 3, rtmr3: 4 } as const
