import { fromHex, parseBucket, placeBytes, toHex } from '@vouch/protocol'
import {
  decodeRecord,
  encodeRecord,
  frameBytes,
  frameLength,
  LENGTH_BYTES,
  readFrame,
} from '@vouch/protocol/registrar-folder'
import { itRefuses } from '@vouch/protocol/testing/refused'
import { itReproduces } from '@vouch/protocol/testing/vectors'
import { describe, expect, it } from 'vitest'
import { read, vectorFile } from '../../fixtures/corpus.js'
import { registryRefusals } from '../../fixtures/refused/index.js'

interface ByteVectors {
  readonly vectors: readonly {
    readonly name: string
    readonly input: { readonly type: number }
    readonly expected: { readonly type: number; readonly body: string; readonly bytes: string }
  }[]
}

const vectorsOf = (statement: string): ByteVectors['vectors'] =>
  (JSON.parse(read(vectorFile(statement))) as ByteVectors).vectors

itReproduces('admission-policy', 'nonce-request', 'nonce-ticket', 'enrollment', 'receipt')
itReproduces('bucket', 'bucket-index', 'log-record', 'log-frame')
itReproduces('proposal', 'endorsement', 'decision', 'cursor')
itRefuses(registryRefusals)

describe('what is read is written as the same bytes', () => {
  it.each(vectorsOf('log-record'))('record: $name', ({ expected: { type, body } }) => {
    const again = encodeRecord(decodeRecord(type, fromHex(body)))
    expect([again.type, toHex(again.body)]).toEqual([type, body])
  })

  it.each(vectorsOf('log-frame'))('frame: $name', ({ input, expected: { bytes } }) => {
    const whole = fromHex(bytes)
    expect(frameLength(whole.subarray(0, LENGTH_BYTES))).toBe(whole.length)
    const frame = readFrame(whole)
    if (frame === undefined) return expect.unreachable('a whole frame was not read')
    expect(frame.type).toBe(input.type)
    expect(toHex(frameBytes(frame.type, frame.previous, frame.body))).toBe(bytes)
  })

  it.each(vectorsOf('bucket'))('bucket: $name', ({ expected: { bytes } }) => {
    expect(parseBucket(fromHex(bytes)).map(placeBytes).map(toHex).join('')).toBe(bytes)
  })
})
