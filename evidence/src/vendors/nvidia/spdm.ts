import { concat, equalBytes, fromInteger, shown, VouchError } from '@vouch/protocol'
import { FieldCursor } from '../../core/fields.js'
import {
  BLOCK_BYTES,
  BLOCK_SPECIFICATION,
  BLOCK_VALUE_TYPE,
  NONCE_BYTES,
  REQUEST_BYTES,
  REQUEST_HEADER,
  RESPONSE_HEADER,
  SPDM_DIGEST_BYTES,
  SPDM_SIGNATURE_BYTES,
} from './layout.js'
import type { OpaqueField, SpdmMessage } from './types.js'

const WHAT = 'GPU evidence'

const hasRequest = (bytes: Uint8Array): boolean =>
  equalBytes(bytes.subarray(0, REQUEST_HEADER.length), REQUEST_HEADER)
const hasResponse = (bytes: Uint8Array): boolean =>
  equalBytes(bytes.subarray(REQUEST_BYTES, REQUEST_BYTES + RESPONSE_HEADER.length), RESPONSE_HEADER)

/**
 * Whether bytes are meant as a device's evidence: a request for signed measurements, or a response to one. Damage to one leaves
 * the other, so that nobody takes a device away from its machine by a single bit.
 */
export function looksLikeSpdm(bytes: Uint8Array): boolean {
  return hasRequest(bytes) || hasResponse(bytes)
}

export function parseSpdm(bytes: Uint8Array): SpdmMessage {
  if (!hasRequest(bytes) || !hasResponse(bytes))
    throw new VouchError('VERSION_UNKNOWN', {
      rule: `${WHAT} must be SPDM 1.1: GET_MEASUREMENTS and its answer`,
    })
  const nonce = bytes.slice(REQUEST_HEADER.length, REQUEST_HEADER.length + NONCE_BYTES)
  const slot = bytes[REQUEST_BYTES - 1] ?? 0
  const start = REQUEST_BYTES + RESPONSE_HEADER.length
  const response = new FieldCursor(bytes.subarray(start), WHAT)
  const answered = response.number(1, 'slot')
  if (answered !== slot || slot > 7) {
    throw malformed('the response must be for the slot that was asked', `${slot} and ${answered}`)
  }
  const count = response.number(1, 'number of blocks')
  const record = response.take(response.number(3, 'length of its record'), 'measurement record')
  const responderNonce = response.take(NONCE_BYTES, 'nonce').slice()
  const opaque = response.block(2, 'opaque data')
  const signature = response.take(SPDM_SIGNATURE_BYTES, 'signature').slice()
  return {
    nonce,
    slot,
    responderNonce,
    measurements: blocksOf(record, count),
    opaque: opaqueFields(opaque),
    signature,
    trailing: response.rest(),
    bytes: bytes.subarray(0, start + response.offset),
  }
}

/** The bytes of a message, as they were read; without its signature, what is signed. */
export function encodeSpdm({
  nonce,
  slot,
  responderNonce,
  measurements,
  opaque,
  signature,
  trailing,
}: Omit<SpdmMessage, 'bytes'>): Uint8Array {
  const little = (value: number, size: number): Uint8Array => fromInteger(value, size).toReversed()
  const record = concat(
    ...measurements.map((digest, i) =>
      concat(
        Uint8Array.of(i + 1, BLOCK_SPECIFICATION),
        little(BLOCK_BYTES - 4, 2),
        Uint8Array.of(BLOCK_VALUE_TYPE),
        little(SPDM_DIGEST_BYTES, 2),
        digest,
      ),
    ),
  )
  const fields = concat(
    ...opaque.map(({ type, value }) => concat(little(type, 2), little(value.length, 2), value)),
  )
  return concat(
    REQUEST_HEADER,
    nonce,
    Uint8Array.of(slot),
    RESPONSE_HEADER,
    Uint8Array.of(slot, measurements.length),
    little(record.length, 3),
    record,
    responderNonce,
    little(fields.length, 2),
    fields,
    signature,
    trailing,
  )
}

/** Every block is a SHA-384 digest: nothing else was ever seen, and nothing else is guessed at. */
function blocksOf(record: Uint8Array, count: number): readonly Uint8Array[] {
  if (record.length !== count * BLOCK_BYTES)
    throw malformed(`each measurement must have ${BLOCK_BYTES} bytes`, `${record.length} for ${count}`)
  return Array.from({ length: count }, (_, i) => {
    const block = record.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES)
    const wanted = [i + 1, BLOCK_SPECIFICATION, BLOCK_BYTES - 4, 0, BLOCK_VALUE_TYPE, SPDM_DIGEST_BYTES, 0]
    if (!wanted.every((byte, place) => block[place] === byte))
      throw malformed('measurements must be numbered from 1, and be SHA-384 digests', `block ${i + 1}`)
    return block.slice(wanted.length)
  })
}

function opaqueFields(data: Uint8Array): readonly OpaqueField[] {
  const fields: OpaqueField[] = []
  let at = 0
  while (at < data.length) {
    const [type = 0, typeHigh = 0, size = 0, sizeHigh = 0] = data.subarray(at, at + 4)
    const length = size + 256 * sizeHigh
    const field = { type: type + 256 * typeHigh, value: data.slice(at + 4, at + 4 + length) }
    at += 4 + length
    if (at > data.length) throw new VouchError('TRUNCATED', { rule: 'opaque data must hold its fields' })
    if (fields.some((before) => before.type === field.type))
      throw malformed('a field of opaque data must be there once', `type ${field.type}`)
    fields.push(field)
  }
  return fields
}

function malformed(rule: string, given: string): VouchError {
  return new VouchError('NOT_CANONICAL', { rule, given: shown(given) })
}
