import { createPublicKey, verify } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { concat, fromInteger, toHex, toInteger } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeSecret } from '../node/files/secret-files.js'
import { openSigner } from '../node/keys/open-signer.js'
import { checkedSigner, secretSigner } from '../src/signer.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-signer-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const secret = new Uint8Array(32).fill(7)
const publicKey: Uint8Array = secp256k1.getPublicKey(secret)
const digest = new Uint8Array(32).fill(9)
const good = secp256k1.sign(digest, secret, { prehash: false })
const { ORDER } = secp256k1.Point.Fn
const withS = (s: bigint): Uint8Array => concat(good.subarray(0, 32), fromInteger(s, 32))

/** A token or machine that answers every digest with this. */
const answering = (signature: Uint8Array, key = publicKey) =>
  checkedSigner({ publicKey: key, sign: async () => signature })

describe('a signer', () => {
  test('of a file signs, and has the public key of the file', async () => {
    const path = join(folder, 'key')
    await writeSecret(path, secret)
    const signer = await openSigner(path)
    expect(toHex(signer.publicKey)).toBe(toHex(publicKey))
    expect(toHex(await signer.sign(digest))).toBe(toHex(good))
  })

  test('gives the signature with low s, of a token that gives the other', async () => {
    const high = withS(ORDER - toInteger(good.subarray(32)))
    expect(toHex(await answering(high).sign(digest))).toBe(toHex(good))
    expect(toHex(await answering(good).sign(digest))).toBe(toHex(good))
  })

  test.each<[string, Uint8Array, Uint8Array?]>([
    ['a bit of it is another', good.with(5, (good[5] ?? 0) ^ 1)],
    ['it is on another digest', secp256k1.sign(digest.with(0, 1), secret, { prehash: false })],
    ['it is by another key', secp256k1.sign(digest, secret.with(0, 1), { prehash: false })],
    ['it is too short', good.subarray(1)],
    ['it is too long', concat(good, new Uint8Array(1))],
    ['r is zero', concat(new Uint8Array(32), good.subarray(32))],
    ['s is zero', withS(0n)],
    ['s is past the order', withS(ORDER)],
    ['the key is no point', good, new Uint8Array(33).fill(2).fill(255, 1)],
  ])('gives no signature when %s', async (_, signature, key) => {
    await expect(answering(signature, key).sign(digest)).rejects.toMatchObject({ code: 'SIGNATURE_FALSE' })
  })

  test.each([0, 31, 33, 64])('signs digests of 32 bytes alone, not %d', async (length) => {
    const signing = secretSigner(secret).sign(new Uint8Array(length))
    await expect(signing).rejects.toMatchObject({ code: 'VALUE_MALFORMED' })
  })

  test('closes what it stands on, and has nothing to close without it', async () => {
    let closed = 0
    const close = async (): Promise<void> => void closed++
    await checkedSigner({ publicKey, sign: async () => good, close }).close?.()
    expect(closed).toBe(1)
    expect(secretSigner(secret).close).toBeUndefined()
  })

  test.each([
    ['zero', 0n],
    ['the order', ORDER],
  ])('is made of no secret that is %s, and does not repeat it', (_, number) => {
    const bad = fromInteger(number, 32)
    const refused = (() => {
      try {
        return secretSigner(bad)
      } catch (error) {
        return error
      }
    })()
    expect(refused).toMatchObject({ code: 'KEY_MALFORMED' })
    expect(JSON.stringify(refused) + String(refused)).not.toContain(toHex(bad).slice(0, 16))
  })

  test('signs as OpenSSL understands it', async () => {
    const uncompressed = secp256k1.getPublicKey(secret, false)
    const prefix = Buffer.from('3056301006072a8648ce3d020106052b8104000a034200', 'hex')
    const key = createPublicKey({
      key: Buffer.concat([prefix, uncompressed]),
      format: 'der',
      type: 'spki',
    })
    const message = new TextEncoder().encode('a head')
    const hashed = new Uint8Array(await crypto.subtle.digest('SHA-256', message))
    const signature = await secretSigner(secret).sign(hashed)
    expect(verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true)
  })
})

describe('where a key is', () => {
  test.each([
    ['http://signer.example/#key=00', 'USAGE'],
    [`http://signer.example/#key=${'ab'.repeat(33)}`, 'USAGE'],
    ['no/such/file', 'FILE_NOT_FOUND'],
    ['', 'FILE_NOT_FOUND'],
  ])('is refused when it is %j', async (where, code) => {
    await expect(openSigner(where)).rejects.toMatchObject({ code })
  })
})
