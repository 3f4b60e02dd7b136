import { concat, encodeHeadContent, fieldToBytes, signHead } from '@vouch/protocol'
import {
  decodeRecord,
  encodeRecord,
  FRAME_OVERHEAD,
  frameBytes,
  frameLength,
  LENGTH_BYTES,
  MAX_BODY,
  NO_HASH,
  readFrame,
} from '@vouch/protocol/registrar-folder'
import { describe, expect, it } from 'vitest'
import { decodeMember, encodeMember, MEMBER_BYTES, ROW } from '../src/member.js'
import { ID, member, NOW } from '../testing/members.js'

const body = Uint8Array.from({ length: 40 }, (_, i) => i)
const frame = frameBytes(7, new Uint8Array(32).fill(9), body)

describe('a frame', () => {
  it('says its length first, and then what it holds', () => {
    expect(frameLength(frame.subarray(0, LENGTH_BYTES))).toBe(frame.length)
    expect(frame).toHaveLength(body.length + FRAME_OVERHEAD)
    expect(readFrame(frame)).toEqual({
      type: 7,
      previous: new Uint8Array(32).fill(9),
      body,
      hash: frame.slice(-32),
    })
  })

  it('is none when any bit of it is another', () => {
    for (let bit = 0; bit < 8 * frame.length; bit++) {
      const changed = frame.with(bit >> 3, (frame[bit >> 3] ?? 0) ^ (1 << (bit & 7)))
      expect(readFrame(changed)).toBeUndefined()
      // A length must be told wrong before anything is believed to be that long.
      expect(frameLength(changed.subarray(0, LENGTH_BYTES))).toBe(bit < 64 ? undefined : frame.length)
    }
  })

  it('is none of zeros, of nothing, nor longer than a record may be', () => {
    expect(frameLength(new Uint8Array())).toBeUndefined()
    expect(frameLength(frame.subarray(0, LENGTH_BYTES - 1))).toBeUndefined()
    expect(frameLength(new Uint8Array(LENGTH_BYTES))).toBeUndefined()
    expect(frameLength(Uint8Array.of(0, 16, 0, 1, 255, 239, 255, 254))).toBeUndefined()
    expect(frameBytes(1, NO_HASH, new Uint8Array(MAX_BODY))).toHaveLength(MAX_BODY + FRAME_OVERHEAD)
    expect(() => frameBytes(1, NO_HASH, new Uint8Array(MAX_BODY + 1))).toThrow(`at most ${MAX_BODY} bytes`)
  })
})

describe('a record', () => {
  const init = { kind: 'init', init: { version: 1, registryId: ID, time: NOW } } as const
  const encoded = encodeRecord(init)

  it('reads as it was written', () => {
    expect(decodeRecord(encoded.type, encoded.body)).toEqual(init)
  })

  it('of a ban or a pardon has these very bytes', () => {
    const machine = new Uint8Array(32).fill(0xba)
    const reason = new TextEncoder().encode('sold')
    const head = signHead(
      { registryId: ID, seq: 5, size: 2, root: 7n, previousRoot: 0n, time: NOW },
      new Uint8Array(32).fill(7),
    )
    const headBytes = concat(
      Uint8Array.of(1),
      encodeHeadContent(head).subarray(13),
      head.signer,
      head.signature,
    )
    const said = concat(machine, Uint8Array.of(0, 0, 0, 4), reason)
    const time = Uint8Array.of(0, 0, 0, 0, 0x6b, 0x49, 0xd2, 0x00)
    const ban = { kind: 'ban', ban: { machine, reason, head } } as const
    const pardon = { kind: 'pardon', pardon: { machine, reason, time: NOW } } as const
    expect(encodeRecord(ban)).toEqual({ type: 5, body: concat(said, headBytes) })
    expect(encodeRecord(pardon)).toEqual({ type: 6, body: concat(said, time) })
    for (const entry of [ban, pardon]) {
      const { type, body } = encodeRecord(entry)
      expect(decodeRecord(type, body)).toEqual(entry)
    }
  })

  it.each([
    ['of an unknown type', 99, encoded.body, 'VERSION_UNKNOWN'],
    ['with bytes behind its end', encoded.type, concat(encoded.body, Uint8Array.of(0)), 'TRAILING_BYTES'],
    ['that ends too soon', encoded.type, encoded.body.subarray(1), 'VERSION_UNKNOWN'],
  ])('%s is refused', (_, type, bytes, code) => {
    expect(() => decodeRecord(type, bytes)).toThrow(expect.objectContaining({ code }))
  })
})

describe('a row', () => {
  const { credential, machine, policyId, nonce, expiresAt } = member(1)
  const row = { credential, machine, policyId, nonce, expiresAt, removed: false }

  it('has its keys where a scan looks for them', () => {
    const bytes = encodeMember(row)
    expect(bytes).toHaveLength(MEMBER_BYTES)
    expect(decodeMember(bytes)).toEqual(row)
    expect(bytes.subarray(ROW.credential, 32)).toEqual(fieldToBytes(credential))
    expect(bytes[ROW.hasMachine]).toBe(1)
    expect(bytes.subarray(ROW.machine, ROW.machine + 32)).toEqual(machine)
    expect(encodeMember({ ...row, machine: undefined })[ROW.hasMachine]).toBe(0)
  })
})
