import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { equalBytes, TOO_LONG, unanswered, VouchError, whyUnanswered } from '@vouch/protocol'
import { fixedBytes, parseFile, printFile, record } from '@vouch/protocol/codec'
import { checkedSigner, type Signer } from '../../src/signer.js'
import type { RemotePlace } from './remote-place.js'

// What is said to a machine that signs: `docs/keys.md` describes it for those who write one.

const keyCodec = record<{ readonly publicKey: Uint8Array }>({ publicKey: fixedBytes(33) })
const digestCodec = record<{ readonly digest: Uint8Array }>({ digest: fixedBytes(32) })
const signatureCodec = record<{ readonly signature: Uint8Array }>({ signature: fixedBytes(64) })

/** Longest answer that is read: each has one value of at most 64 bytes. */
const LONGEST = 1024
const TIMEOUT_MS = 10_000

/**
 * A key on another machine, or in another process of this one. The key that it must have is known before it is asked, and it
 * is believed in nothing: what it signs is checked.
 */
export async function remoteSigner(place: RemotePlace, timeoutMs = TIMEOUT_MS): Promise<Signer> {
  const answer = await ask(place, { method: 'GET', path: '/key', timeoutMs })
  const { publicKey } = parseFile(keyCodec, answer, 'the answer to GET /key')
  if (!equalBytes(publicKey, place.publicKey)) {
    throw new VouchError('SIGNER_NOT_ACCEPTED', {
      rule: 'the machine that signs must have the key that is named behind #',
      given: place.name,
      hint: 'correct the key there, or find out why the machine has another',
    })
  }
  return checkedSigner({
    publicKey,
    sign: async (digest) => {
      const body = printFile(digestCodec, { digest }, 'digest')
      const signed = await ask(place, { method: 'POST', path: '/sign', body, timeoutMs })
      return parseFile(signatureCodec, signed, 'the answer to POST /sign').signature
    },
  })
}

interface Question {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: string
  readonly timeoutMs: number
}

/** One question on a connection of its own. A redirect is no answer: the digest goes where the operator said. */
function ask(place: RemotePlace, { method, path, body, timeoutMs }: Question): Promise<Uint8Array> {
  const { reach } = place
  const signal = AbortSignal.timeout(timeoutMs)
  const headers = body === undefined ? {} : { 'content-type': 'application/json' }
  const common = { method, path: `${place.path}${path}`, headers, agent: false, signal } as const
  return new Promise((resolve, reject) => {
    const refuse = (cause: unknown): void => {
      const why = signal.aborted ? `no answer within ${timeoutMs} ms` : whyUnanswered(cause)
      reject(unavailable(place, why, cause))
    }
    const take = (response: IncomingMessage): void => {
      if (response.statusCode === 200) return void readAnswer(response).then(resolve, refuse)
      response.destroy()
      reject(unavailable(place, `status ${response.statusCode}`))
    }
    const request =
      'socketPath' in reach
        ? plainRequest({ ...common, socketPath: reach.socketPath }, take)
        : tlsRequest({ ...common, ...reach, minVersion: 'TLSv1.3' }, take)
    request.on('error', refuse).end(body)
  })
}

async function readAnswer(response: IncomingMessage): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response as AsyncIterable<Uint8Array>) {
    length += part.length
    if (length > LONGEST) throw new Error(TOO_LONG)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

const unavailable = (place: RemotePlace, why: string, cause?: unknown): VouchError =>
  unanswered({
    code: 'SIGNER_UNAVAILABLE',
    who: 'the machine that signs',
    where: place.name,
    why,
    hint: 'see to it that it runs, and lets this program ask: nothing was signed',
    cause,
  })
