import { fromHex, parseBucket, placeBytes, toHex } from '@vouch/protocol'
import { decodeRecord, encodeRecord } from '@vouch/protocol/records'
import { itRefuses } from '@vouch/protocol/testing/refused'
import { itReproduces } from '@vouch/protocol/testing/vectors'
import { describe, expect, it } from 'vitest'
import { read, vectorFile } from '../../fixtures/corpus.js'
import { registryRefusals } from '../../fixtures/refused/index.js'

interface ByteVectors {
  readonly vectors: readonly {
    readonly name: string
    readonly expected: { readonly type: number; readonly body: string; readonly bytes: string }
  }[]
}

const vectorsOf = (statement: string): ByteVectors['vectors'] =>
  (JSON.parse(read(vectorFile(statement))) as ByteVectors).vectors

itReproduces('admission-policy', 'nonce-request', 'nonce-ticket', 'enrollment', 'receipt')
itReproduces('bucket', 'bucket-index', 'record', 'record-hash')
itReproduces('proposal', 'endorsement', 'decision', 'cursor')
itRefuses(registryRefusals)

describe('what is read is written as the same bytes', () => {
  it.each(vectorsOf('record'))('record: $name', ({ expected: { type, body } }) => {
    const again = encodeRecord(decodeRecord(type, fromHex(body)))
    expect([again.type, toHex(again.body)]).toEqual([type, body])
  })

  it.each(vectorsOf('bucket'))('bucket: $name', ({ expected: { bytes } }) => {
    expect(parseBucket(fromHex(bytes)).map(placeBytes).map(toHex).join('')).toBe(bytes)
  })
})
