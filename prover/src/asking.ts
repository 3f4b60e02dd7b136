import {
  type Answer,
  type Ask,
  askHash,
  decodeEnvelope,
  equalBytes,
  type ListedService,
  MAX_FILE_BYTES,
  PROFILES,
  parseAnswer,
  printAsk,
  type Request,
  shown,
  toHex,
  VouchError,
} from '@vouch/protocol'
import type { Caution } from './caution.js'
import type { Credential } from './files.js'
import { askJson, type Network, refusalIn, SERVICE, unreachable, withinTime } from './net.js'
import { isSignedBy } from './respond.js'
import type { SignedEnvelope } from './witness.js'

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

/** Refuses an answer that is not to this question, not of this time, or not by this service. */
export function checkAnswer(
  { envelope, signature }: Answer,
  { clientNonce, salt, message }: Ask,
  service: ListedService,
  request: Request,
  now: number,
  caution: Caution,
): SignedEnvelope {
  const content = decodeEnvelope(envelope)
  if (!equalBytes(content.clientNonce, clientNonce)) {
    throw new VouchError('NONCE_MISMATCH', {
      rule: 'the envelope must carry the nonce that was asked with',
      given: toHex(content.clientNonce),
    })
  }
  if (!equalBytes(content.askHash, askHash(salt, message))) {
    throw new VouchError('ASK_MISMATCH', { rule: 'the envelope must answer the message that was asked' })
  }
  assertFresh(content.time, caution.clockSkew, now, caution)
  assertSignature(service, envelope, signature, request)
  return { envelope, signature, service }
}

/** Finds which of her services signed an envelope, and refuses one that is too old for the Request. */
export function checkEnvelope(
  { envelope, signature }: Pick<Answer, 'envelope' | 'signature'>,
  { guest }: Credential,
  request: Request,
  now: number,
  caution: Caution,
): SignedEnvelope {
  const { freshness, profile } = request
  const { time } = decodeEnvelope(envelope)
  if (freshness.kind === 'max_age') assertFresh(time, freshness.seconds, now, caution)
  const digest = PROFILES[profile].digest(envelope)
  const service = guest.services.find((candidate) => isSignedBy(candidate, signature, digest))
  if (service === undefined) throw signatureFalse('a service that was enrolled')
  return { envelope, signature, service }
}

function assertFresh(time: number, oldest: number, now: number, { clockSkew }: Caution): void {
  if (time < now - oldest) {
    throw new VouchError('RESPONSE_TOO_OLD', {
      rule: `the envelope must be at most ${oldest} s old`,
      given: `${now - time} s`,
    })
  }
  if (time > now + clockSkew) {
    throw new VouchError('RESPONSE_FROM_FUTURE', {
      rule: `the envelope may be at most ${clockSkew} s ahead of the clock`,
      given: `${time - now} s`,
    })
  }
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
