import { VouchError } from '@vouch/protocol'
import { HASHES, PCR_COUNT } from './banks.js'
import type { LoggedEvent } from './types.js'

// The log of SHA-1 digests: "TCG EFI Platform Specification for TPM Family 1.1 or 1.2" (1.22), section 7.2.1,
// TCG_PCR_EVENT. Numbers are little-endian: pcrIndex (4), eventType (4), digest (20), eventDataSize (4), event.

const HEADER_BYTES = 32
const DIGEST = { offset: 8, size: 20 } as const
/** Firmware logs some dozens of events, an operating system some thousands. */
const MAX_EVENTS = 20_000

/**
 * Whether bytes are meant as a log: a first event into a PCR that there is, of a type that there is, and that fits. Zeros would
 * be one too, and mean nothing.
 */
export function looksLikeTcg12(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_BYTES || bytes.subarray(0, HEADER_BYTES).every((byte) => byte === 0)) return false
  const header = headerAt(bytes, 0)
  const isType = header.type <= 0x12 || (header.type >= 0x8000_0000 && header.type <= 0x8000_01ff)
  return header.register < PCR_COUNT && isType && HEADER_BYTES + header.dataBytes <= bytes.length
}

/** Reads a log of SHA-1 digests, all of it. */
export function parseTcg12(bytes: Uint8Array): readonly LoggedEvent[] {
  const events: LoggedEvent[] = []
  for (let at = 0; at < bytes.length; ) {
    if (events.length === MAX_EVENTS)
      throw new VouchError('TOO_LARGE', { rule: `an event log must hold at most ${MAX_EVENTS} events` })
    if (at + HEADER_BYTES > bytes.length) throw truncated(at)
    const { register, type, dataBytes } = headerAt(bytes, at)
    const end = at + HEADER_BYTES + dataBytes
    if (end > bytes.length) throw truncated(at)
    const from = at + DIGEST.offset
    events.push({
      register,
      type,
      digests: [{ algorithm: HASHES.sha1.id, digest: bytes.subarray(from, from + DIGEST.size) }],
      data: bytes.subarray(at + HEADER_BYTES, end),
    })
    at = end
  }
  return events
}

function headerAt(bytes: Uint8Array, at: number) {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEADER_BYTES)
  return {
    register: view.getUint32(0, true),
    type: view.getUint32(4, true),
    dataBytes: view.getUint32(28, true),
  }
}

function truncated(at: number): VouchError {
  return new VouchError('TRUNCATED', {
    rule: 'an event log must end behind an event',
    given: `an event at offset ${at} that does not`,
  })
}
