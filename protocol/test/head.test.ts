import { secp256k1 } from '@noble/curves/secp256k1.js'
import { describe, expect, it } from 'vitest'
import {
  concat,
  fromInteger,
  type Head,
  headDigest,
  isHeadSigned,
  parseHead,
  printHead,
  signedHead,
  signHead,
  toInteger,
} from '../src/index.js'
import { expectRefusal } from '../testing/refusal.js'
import { itReproduces } from '../testing/vectors.js'
import { head } from './support/samples.js'

itReproduces('head')

const changed: Readonly<Record<string, Partial<Head>>> = {
  registryId: { registryId: head.registryId.with(0, (head.registryId[0] ?? 0) ^ 1) },
  seq: { seq: head.seq + 1 },
  size: { size: head.size - 1 },
  root: { root: head.root + 1n },
  previousRoot: { previousRoot: 0n },
  time: { time: head.time + 1 },
  signer: { signer: secp256k1.getPublicKey(new Uint8Array(32).fill(1)) },
  'first byte of the signature': { signature: head.signature.with(0, (head.signature[0] ?? 0) ^ 1) },
  'last byte of the signature': { signature: head.signature.with(63, (head.signature[63] ?? 0) ^ 1) },
}

describe('a head', () => {
  it('is signed by its signer', () => {
    expect(isHeadSigned(head)).toBe(true)
    expect(isHeadSigned(parseHead(printHead(head)))).toBe(true)
  })

  it.each(Object.entries(changed))('is not signed when its %s is another', (_, change) => {
    expect(isHeadSigned({ ...head, ...change })).toBe(false)
  })

  it('has one signature of the two that ECDSA would take', () => {
    const order = secp256k1.Point.Fn.ORDER
    const s = toInteger(head.signature.subarray(32))
    const twin = concat(head.signature.subarray(0, 32), fromInteger(order - s, 32))
    expect(s <= order / 2n).toBe(true)
    expect(isHeadSigned({ ...head, signature: twin })).toBe(false)
  })

  it.each<[string, Partial<Head>]>([
    ['zeros for a signature', { signature: new Uint8Array(64) }],
    ['ones for a signature', { signature: new Uint8Array(64).fill(255) }],
    ['a signer that is no point', { signer: new Uint8Array(33) }],
    ['a signer off the curve', { signer: new Uint8Array(33).fill(2).fill(255, 1) }],
  ])('with %s is not signed, which is an answer and no error', (_, change) => {
    expect(isHeadSigned({ ...head, ...change })).toBe(false)
  })

  it('of values that no head holds is misuse, which is an error and no answer', () => {
    expectRefusal(
      () => isHeadSigned({ ...head, size: -1 }),
      'VALUE_OUT_OF_RANGE',
      'head.size must be 0 to 1048576',
    )
    expectRefusal(
      () => signHead({ ...head, time: 2 ** 40 }, new Uint8Array(32).fill(1)),
      'VALUE_OUT_OF_RANGE',
      'head.time must be 0 to 1099511627775',
    )
    expectRefusal(
      () => printHead({ ...head, seq: 0.5 }),
      'VALUE_OUT_OF_RANGE',
      'head.seq must be 0 to 9007199254740991',
    )
  })
})

describe('a head that is signed elsewhere', () => {
  const secret = new Uint8Array(32).fill(7)
  const signer = secp256k1.getPublicKey(secret)
  const order = secp256k1.Point.Fn.ORDER
  const sign = (digest: Uint8Array) => secp256k1.sign(digest, secret, { prehash: false })

  it('is the head that signHead makes', () => {
    expect(signedHead(head, signer, sign(headDigest(head)))).toEqual(signHead(head, secret))
  })

  it('has a digest of its content alone, whose signer is another matter', () => {
    expect(headDigest({ ...head, signer, signature: new Uint8Array(64) } as Head)).toEqual(headDigest(head))
    expect(headDigest({ ...head, seq: head.seq + 1 })).not.toEqual(headDigest(head))
  })

  const good = sign(headDigest(head))
  const twin = concat(good.subarray(0, 32), fromInteger(order - toInteger(good.subarray(32)), 32))
  it.each<[string, Uint8Array, Uint8Array]>([
    ['a signature on another head', signer, sign(headDigest({ ...head, size: head.size + 1 }))],
    ['a signature by another key', secp256k1.getPublicKey(new Uint8Array(32).fill(8)), good],
    ['the other of the two signatures', signer, twin],
    ['a signature with a byte more', signer, concat(good, new Uint8Array(1))],
  ])('is refused with %s', (_, by, signature) => {
    expectRefusal(
      () => signedHead(head, by, signature),
      'HEAD_SIGNATURE_FALSE',
      "the head's signature must hold under the signer it names",
    )
  })

  it('has a signer of 33 bytes: no file holds a longer one', () => {
    const long = secp256k1.getPublicKey(secret, false)
    expectRefusal(() => signedHead(head, long, good), 'VALUE_MALFORMED', 'signer must have 33 bytes')
  })
})
