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
export const ALGORITHM = { SHA1: 0x04, SHA256: 0x0b, SHA384: 0x0c, SHA512: 0x0d } as const
export const DIGEST_BYTES: ReadonlyMap<number, number> = new Map([
  [ALGORITHM.SHA1, 20],
  [ALGORITHM.SHA256, 32],
  [ALGORITHM.SHA384, 48],
  [ALGORITHM.SHA512, 64],
])

/** UEFI, "Virtual Platform CC Event Log": registers of a TDX guest by their index in its log. */
export const CC_REGISTER = { rtmr0: 1, rtmr1: 2, rtmr2: 3, rtmr3: 4 } as const
