import { chosen, type ExplainedField, Walk, zeros } from '../../core/explain.js'
import { BLOCK_BYTES, NONCE_BYTES, OPAQUE, SPDM_SIGNATURE_BYTES } from './layout.js'
import { parseSpdm } from './spdm.js'

const OPAQUE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(OPAQUE).map(([name, type]) => [type, name]),
)

/** The request, and the response to it. */
export function explainSpdm(bytes: Uint8Array): readonly ExplainedField[] {
  parseSpdm(bytes)
  const walk = new Walk(bytes)
  walk.take('SPDMVersion', 1, () => '1.1')
  walk.take('RequestResponseCode', 1, () => 'GET_MEASUREMENTS')
  walk.take('Param1', 1, () => 'a signature is wanted')
  walk.take('Param2', 1, () => 'all measurements')
  walk.take('Nonce', NONCE_BYTES, () => "the requester's")
  walk.little('SlotIDParam', 1)
  walk.take('SPDMVersion', 1, () => '1.1')
  walk.take('RequestResponseCode', 1, () => 'MEASUREMENTS')
  walk.take('Param1', 1)
  walk.little('Param2', 1, (slot) => `slot ${slot}`)
  const count = walk.little('NumberOfBlocks', 1)
  walk.little('MeasurementRecordLength', 3)
  for (let index = 1; index <= count; index++)
    walk.take(
      `MeasurementRecord[${index}]`,
      BLOCK_BYTES,
      (block) => zeros(block.subarray(7)) ?? 'SHA-384 behind seven bytes',
    )
  walk.take('Nonce', NONCE_BYTES, () => "the responder's")
  for (let left = walk.little('OpaqueLength', 2); left > 0; ) {
    const type = walk.little('OpaqueData: type', 2, (number) => OPAQUE_NAMES.get(number) ?? `type ${number}`)
    const size = walk.little('OpaqueData: size', 2)
    walk.take(`OpaqueData: ${OPAQUE_NAMES.get(type) ?? `type ${type}`}`, size, chosen)
    left -= 4 + size
  }
  walk.take('Signature', SPDM_SIGNATURE_BYTES, () => 'r and s, big-endian')
  walk.rest('behind the signature', zeros)
  return walk.fields
}
