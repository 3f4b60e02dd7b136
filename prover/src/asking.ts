import {
  type Answer,
  type Ask,
  askHash,
  CLOCK_STEP,
  type Credential,
  decodeEnvelope,
  type Envelope,
  equalBytes,
  gravestError,
  type ListedService,
  MAX_FILE_BYTES,
  type Opening,
  PROFILES,
  parseAnswer,
  printAsk,
  type Request,
  shown,
  TIME_GRID,
  toHex,
  VouchError,
} from '@vouch/protocol'
import { broken, ENVELOPE } from '@vouch/verifier'
import { agesOf, type Caution } from './caution.js'
import { askJson, type Network, refusalIn, SERVICE, unreachable, withinTime } from './net.js'
import { isSignedBy } from './respond.js'
import type { SignedEnvelope } from './witness.js'

/** How far from her clock a Request's `now` may be for the service to be asked with it: it has a clock of its own. */
const NEAR_SECONDS = 60

/**
 * What a service is asked. Where the challenge dates the answer, the service's clock is of no use: the service is asked to put in the
 * Request's `now`, or her own minute where that is too long ago. A clock of its own would tell Bob one guest from another.
 */
export function askFor(request: Request, { salt, message }: Opening, now: number): Ask {
  const { challenge, freshness } = request
  const ask = { version: 2, clientNonce: challenge, salt, message } as const
  if (freshness.kind !== 'challenge') return ask
  const isNear = Math.abs(now - request.now) <= NEAR_SECONDS
  return { ...ask, now: isNear ? request.now : now - (now % TIME_GRID) }
}

/** Refuses a question that is not the one Bob chose: he would not accept the answer. */
export function assertAsked(request: Request, asked: Uint8Array): void {
  if (request.askHash === undefined || equalBytes(request.askHash, asked)) return
  throw new VouchError('ASK_MISMATCH', {
    rule: 'the Request names the hash of its question: the service must be asked that, with its salt',
    given: toHex(asked),
    hint: 'the verifier hands out salt and message along with such a Request',
  })
}

/** Asks a service where its agent says that it answers. What comes back has still to be checked. */
export async function askService(
  { endpoint }: ListedService,
  ask: Ask,
  network: Network,
  signal?: AbortSignal,
): Promise<Answer> {
  const peer = /^tcp:\/\/([a-z0-9.-]+|\[[0-9a-f:]+\]):([0-9]{1,5})$/i.exec(endpoint)
  if (peer !== null) return askByLine(peer[1] ?? '', Number(peer[2]), endpoint, ask, network, signal)
  if (!/^https?:\/\//.test(endpoint)) throw unreachable(SERVICE, endpoint, 'neither http, https nor tcp')
  return parseAnswer(await askJson(SERVICE, endpoint, printAsk(ask), network, signal))
}

async function askByLine(
  host: string,
  port: number,
  endpoint: string,
  ask: Ask,
  network: Network,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const { exchangeLine } = network
  if (exchangeLine === undefined) throw unreachable(SERVICE, endpoint, 'there is no TCP here')
  const line = await withinTime(SERVICE, endpoint, network, signal, (within) =>
    exchangeLine({ host: host.replace(/^\[|\]$/g, ''), port }, printAsk(ask), {
      limit: MAX_FILE_BYTES,
      signal: within,
    }),
  )
  const refusal = refusalIn(line, SERVICE)
  if (refusal !== undefined) throw refusal
  return parseAnswer(line)
}

/** When she asked, and when she had the answer, by her clock. */
export interface AskedBetween {
  readonly sent: number
  readonly received: number
}

/** Refuses an answer that is not to this question, not of this time, or not by this service. */
export function checkAnswer(
  { envelope, signature }: Answer,
  ask: Ask,
  service: ListedService,
  request: Request,
  between: AskedBetween,
): SignedEnvelope {
  const content = decodeEnvelope(envelope)
  if (!equalBytes(content.clientNonce, ask.clientNonce)) {
    throw new VouchError('NONCE_MISMATCH', {
      rule: 'the envelope must carry the nonce that was asked with',
      given: toHex(content.clientNonce),
    })
  }
  if (!equalBytes(content.askHash, askHash(ask.salt, ask.message))) {
    throw new VouchError('ASK_MISMATCH', { rule: 'the envelope must answer the message that was asked' })
  }
  assertTimeShowsNothing(content.time, ask, between)
  assertSignature(service, envelope, signature, request)
  return { envelope, signature, service }
}

/** How far a guest's clock may be from hers, in seconds. */
const CLOCK_TOLERANCE = 2

/**
 * Refuses a time that says anything of the guest. Bob sees it: a clock that is off by some seconds, in answer after answer,
 * names its guest. So the time is the one that was asked with, or one that any right clock floors to.
 */
function assertTimeShowsNothing(time: number, { now }: Ask, { sent, received }: AskedBetween): void {
  const [first, last] = [floored(sent - CLOCK_TOLERANCE), floored(received + CLOCK_TOLERANCE)]
  const holds = now === undefined ? time >= first && time <= last && floored(time) === time : time === now
  if (holds) return
  throw new VouchError('RESPONSE_TIME_REFUSED', {
    rule:
      now === undefined
        ? `the envelope's time must be a right clock's, floored to ${CLOCK_STEP} s: another tells one guest from others`
        : "the envelope's time must be the time that the service was asked with",
    given: `${time}, asked ${now === undefined ? `from ${sent} to ${received}` : `with ${now}`}`,
    hint: "set the guest's clock, or ask another guest",
  })
}

const floored = (time: number): number => time - (time % CLOCK_STEP)

/** Finds which of her services signed an envelope, and refuses one that is too old for the Request. */
export function checkEnvelope(
  { envelope, signature }: Pick<Answer, 'envelope' | 'signature'>,
  { guest }: Credential,
  request: Request,
  now: number,
  caution: Caution,
): SignedEnvelope {
  const { freshness, profile } = request
  const content = decodeEnvelope(envelope)
  const { time } = content
  assertAsked(request, content.askHash)
  if (floored(time) !== time) {
    throw new VouchError('RESPONSE_TIME_REFUSED', {
      rule: `the envelope's time must be a multiple of ${CLOCK_STEP} s: a finer one tells one guest from others`,
      given: `${time}`,
    })
  }
  if (freshness.kind === 'max_age') assertFresh(content, request, now, caution)
  const digest = PROFILES[profile].digest(envelope)
  const service = guest.services.find((candidate) => isSignedBy(candidate, signature, digest))
  if (service === undefined) throw signatureFalse('a service that was enrolled')
  return { envelope, signature, service }
}

function assertFresh(envelope: Envelope, request: Request, now: number, caution: Caution): void {
  const judged = { envelope, request, ages: agesOf(caution), now }
  const failures = [...broken(ENVELOPE.age, judged), ...broken(ENVELOPE.ahead, judged)]
  if (failures.length > 0) throw gravestError(failures)
}

function assertSignature(
  service: ListedService,
  envelope: Uint8Array,
  signature: Uint8Array,
  { profile }: Request,
): void {
  if (!isSignedBy(service, signature, PROFILES[profile].digest(envelope))) throw signatureFalse(service.name)
}

function signatureFalse(by: string): VouchError {
  return new VouchError('SIGNATURE_FALSE', {
    rule: `the envelope must be signed by ${shown(by)}, under the Request's profile`,
    hint: 'if the guest has started anew, its services have new keys: renew the credential',
  })
}

/** The service of that name: as enrolled, and as its agent lists it now. */
export function serviceNamed(
  name: string,
  { guest }: Credential,
  request: Request,
  listing: readonly ListedService[],
): ListedService {
  const listed = listing.find((service) => service.name === name)
  if (listed === undefined) {
    throw new VouchError('USAGE', {
      rule: 'the service must be one that the agent lists',
      given: shown(name),
      hint: `there are ${shown(listing.map((service) => service.name).join(', '))}`,
    })
  }
  if (!guest.services.some((enrolled) => isSameService(enrolled, listed))) {
    throw new VouchError('LEAF_MISSING', {
      rule: 'the service must be in the tree that was enrolled, under the same key',
      given: shown(name),
      hint: 'the guest has started anew: renew the credential',
    })
  }
  if (listed.profile !== request.profile) {
    throw new VouchError('PROFILE_NOT_ACCEPTED', {
      rule: "the service must sign under the Request's profile",
      given: `${listed.profile}, not ${request.profile}`,
    })
  }
  if (!request.services.some((drv) => equalBytes(drv, listed.drv))) {
    throw new VouchError('SERVICE_NOT_ACCEPTED', {
      rule: 'the Request must accept the service',
      given: shown(name),
    })
  }
  return listed
}

function isSameService(a: ListedService, b: ListedService): boolean {
  return (
    a.instance === b.instance &&
    equalBytes(a.drv, b.drv) &&
    equalBytes(a.publicKey.x, b.publicKey.x) &&
    equalBytes(a.publicKey.y, b.publicKey.y)
  )
}
