import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { fromHex, toHex } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { openSigner } from '../node/keys/open-signer.js'
import { parseRemotePlace } from '../node/keys/remote-place.js'
import { remoteSigner } from '../node/keys/remote-signer.js'
import { type Issued, testAuthority } from '../testing/certificates.js'
import { listenOn, signingWith } from '../testing/signing-machine.js'
import { makePemKey, startAt } from './support/remote-signers.js'

const EXAMPLES = fileURLToPath(new URL('../../docs/examples/signer', import.meta.url))
const secret = new Uint8Array(32).fill(7)
const key = toHex(secp256k1.getPublicKey(secret))
const digest = new Uint8Array(32).fill(9)

let folder: string
let sockets = 0
const newSocket = (): string => join(folder, `${sockets++}.sock`)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-remote-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const honest = signingWith(secret)

/** Answers one path in another way. */
const but =
  (path: string, answer: RequestListener): RequestListener =>
  (request, response) =>
    request.url === path ? answer(request, response) : honest(request, response)

const saying =
  (text: string, status = 200): RequestListener =>
  (_, response) =>
    response.writeHead(status, { location: 'http://127.0.0.1/' }).end(text)

const expectSignature = (signature: Uint8Array, publicKey: string): void =>
  expect(secp256k1.verify(signature, digest, fromHex(publicKey), { prehash: false, lowS: true })).toBe(true)

describe('a machine that signs, behind a unix socket', () => {
  test('signs with the key that was named', async () => {
    const socket = newSocket()
    const server = await listenOn(socket, honest)
    const signer = await openSigner(`unix:${socket}#key=${key}`)
    expect(toHex(signer.publicKey)).toBe(key)
    expectSignature(await signer.sign(digest), key)
    server.close()
  })

  test.each<[string, RequestListener, string]>([
    [
      'has another key',
      but('/key', saying(`{"public_key":"${`02${'11'.repeat(32)}`}"}`)),
      'SIGNER_NOT_ACCEPTED',
    ],
    ['names no key', but('/key', saying('{}')), 'MEMBER_MISSING'],
    ['names more than a key', but('/key', saying(`{"public_key":"${key}","a":1}`)), 'MEMBER_UNKNOWN'],
    ['answers without end', but('/key', saying('x'.repeat(2000))), 'SIGNER_UNAVAILABLE'],
    ['leads elsewhere', but('/key', saying('', 302)), 'SIGNER_UNAVAILABLE'],
    ['hangs up', but('/key', ({ socket }) => socket.destroy()), 'SIGNER_UNAVAILABLE'],
  ])('is not used when it %s', async (_, answer, code) => {
    const socket = newSocket()
    const server = await listenOn(socket, answer)
    await expect(openSigner(`unix:${socket}#key=${key}`)).rejects.toMatchObject({ code })
    server.close()
  })

  test.each<[string, RequestListener, string]>([
    ['lies', saying(`{"signature":"${'11'.repeat(64)}"}`), 'SIGNATURE_FALSE'],
    ['signs too little', saying(`{"signature":"${'11'.repeat(63)}"}`), 'VALUE_MALFORMED'],
    ['refuses', saying('{"error":"the key is locked"}', 403), 'SIGNER_UNAVAILABLE'],
    ['floods', saying(' '.repeat(1_000_000)), 'SIGNER_UNAVAILABLE'],
  ])('has signed nothing when it %s, and signs afterwards', async (_, answer, code) => {
    const socket = newSocket()
    let isHonest = false
    const server = await listenOn(socket, (request, response) =>
      (isHonest ? honest : but('/sign', answer))(request, response),
    )
    const signer = await openSigner(`unix:${socket}#key=${key}`)
    await expect(signer.sign(digest)).rejects.toMatchObject({ code })
    isHonest = true
    expectSignature(await signer.sign(digest), key)
    server.close()
  })

  test('is not waited for without end', async () => {
    const socket = newSocket()
    const server = await listenOn(
      socket,
      but('/sign', () => undefined),
    )
    const signer = await remoteSigner(await parseRemotePlace(`unix:${socket}#key=${key}`), 300)
    await expect(signer.sign(digest)).rejects.toMatchObject({
      code: 'SIGNER_UNAVAILABLE',
      rule: expect.stringContaining('no answer within 300 ms'),
    })
    server.closeAllConnections()
    server.close()
  })

  test('that is not there is named, without the words behind #', async () => {
    const refusal = await openSigner(`unix:${newSocket()}#key=${key}`).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'SIGNER_UNAVAILABLE' })
    expect(String(refusal)).toContain('.sock')
    expect(String(refusal)).not.toContain(key)
  })
})

describe('a machine that signs, over https', () => {
  /** An authority's root, and a client's certificate and key in one file. */
  interface Side {
    readonly ca: string
    readonly client: string
  }
  let ours: Side
  let theirs: Side
  let own: Issued
  let server: TlsServer
  let at: string

  const sideOf = async (name: string): Promise<Side & { readonly server: Issued }> => {
    const part = await mkdtemp(join(folder, `${name}-`))
    const { root, issue } = testAuthority(part)
    const { cert, key: secretKey } = issue('client')
    const client = join(part, 'both.pem')
    await writeFile(client, readFileSync(cert, 'utf8') + readFileSync(secretKey, 'utf8'), { mode: 0o600 })
    return { ca: root, client, server: issue('server') }
  }
  const served = () => ({ cert: readFileSync(own.cert), key: readFileSync(own.key) })

  beforeAll(async () => {
    const side = await sideOf('ours')
    ;[ours, own, theirs] = [side, side.server, await sideOf('theirs')]
    const asking = { requestCert: true, rejectUnauthorized: true, ca: readFileSync(ours.ca) }
    server = createTlsServer({ ...served(), ...asking }, (request, response) => {
      request.url = request.url?.replace(/^\/heads/, '') ?? ''
      honest(request, response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    at = `https://127.0.0.1:${(server.address() as AddressInfo).port}/heads`
  })
  afterAll(() => server.close())

  test('signs for a client with a certificate', async () => {
    const signer = await openSigner(`${at}#key=${key}&client=${ours.client}&ca=${ours.ca}`)
    expectSignature(await signer.sign(digest), key)
  })

  test.each<[string, () => string]>([
    ['the client is a stranger', () => `client=${theirs.client}&ca=${ours.ca}`],
    ['the server is a stranger', () => `client=${ours.client}&ca=${theirs.ca}`],
    ['the server leads to no root of this machine', () => `client=${ours.client}`],
  ])('does not when %s', async (_, words) => {
    await expect(openSigner(`${at}#key=${key}&${words()}`)).rejects.toMatchObject({
      code: 'SIGNER_UNAVAILABLE',
    })
  })

  test('does not when it speaks an older TLS, which shows the client certificate to all on the way', async () => {
    const old = createTlsServer({ ...served(), maxVersion: 'TLSv1.2' }, honest)
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve))
    const { port } = old.address() as AddressInfo
    const where = `https://127.0.0.1:${port}#key=${key}&client=${ours.client}&ca=${ours.ca}`
    await expect(openSigner(where)).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' })
    old.close()
  })

  test('is shown no client key that others can read, nor one that is none', async () => {
    const open = join(folder, 'open.pem')
    await writeFile(open, readFileSync(ours.client), { mode: 0o600 })
    await chmod(open, 0o644)
    const words = (file: string): string => `${at}#key=${key}&client=${file}&ca=${ours.ca}`
    await expect(openSigner(words(open))).rejects.toMatchObject({ code: 'KEY_EXPOSED' })
    const broken = join(folder, 'broken.pem')
    await writeFile(broken, readFileSync(ours.client, 'utf8').replace(/-----BEGIN PRIV[\s\S]*$/, ''), {
      mode: 0o600,
    })
    await expect(openSigner(words(broken))).rejects.toMatchObject({ code: 'KEY_MALFORMED' })
  })
})

describe('where a machine that signs is', () => {
  test.each([
    'unix:relative.sock#key=K',
    'unix:/a.sock',
    'unix:/a.sock#key=',
    'unix:/a.sock#key=02ab',
    'unix:/a.sock#key=K&key=K',
    'unix:/a.sock#key=K&client=/a',
    'unix:/a.sock#key=K&pin=1',
    'https://#key=K&client=/a',
    'https://signer.example/#key=K',
    'https://signer.example/#key=K&client=',
    'https://signer.example/?a=b#key=K&client=/a',
    'https://signer.example/?#key=K&client=/a',
    'https://user:secret@signer.example/#key=K&client=/a',
    'https://:secret@signer.example/#key=K&client=/a',
  ])('is refused: %s', async (where) => {
    const refusal = await openSigner(where.replaceAll('K', key)).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'USAGE' })
    expect(JSON.stringify(refusal) + String(refusal)).not.toContain('secret')
  })
})

describe('the example of a machine that signs', () => {
  test('in Python', async (context) => {
    needs.openssl(context)
    needs.pythonCryptography(context)
    await expectToSign((socket, file) =>
      startAt(socket, 'python3', [join(EXAMPLES, 'signer.py'), file, socket]),
    )
  })

  test('of OpenSSL', async (context) => {
    needs.openssl(context)
    needs.socketActivation(context)
    await expectToSign((socket, file) => {
      const program = ['--setenv=PATH', `--setenv=KEY=${file}`, join(EXAMPLES, 'signer.sh')]
      return startAt(socket, 'systemd-socket-activate', [
        '--accept',
        '--inetd',
        `--listen=${socket}`,
        ...program,
      ])
    })
  })
})

async function expectToSign(start: (socket: string, file: string) => Promise<() => Promise<unknown>>) {
  const socket = newSocket()
  const { file, publicKey } = await makePemKey(await mkdtemp(join(folder, 'example-')))
  const stop = await start(socket, file)
  try {
    const signer = await openSigner(`unix:${socket}#key=${publicKey}`)
    // Half of OpenSSL's signatures have high s. A shell loses bytes of zero, and ends of lines.
    for (let n = 0; n < 8; n++) expectSignature(await signer.sign(digest), publicKey)
    for (const byte of [0, 10, 13, 255]) await signer.sign(digest.with(0, byte).with(31, byte))
  } finally {
    await stop()
  }
}
