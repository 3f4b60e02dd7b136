import type { Backend, CircuitName, Hasher } from '@vouch/circuits'
import type { AdmissionPolicy } from '@vouch/evidence'
import { type Answer, type Bundle, decodeEnvelope, type Guest, type Request, scopeOf } from '@vouch/protocol'
import type { Mirror } from '@vouch/registry'
import { gravest } from './agent.js'
import { askService, checkAnswer, checkEnvelope, serviceNamed } from './asking.js'
import {
  type Agreement,
  type Asked,
  assertUnanswered,
  type Caution,
  judgeRequest,
  USUAL_CAUTION,
} from './caution.js'
import { copyFor } from './copy.js'
import { type Credential, holdingOf, type LedgerEntry } from './files.js'
import { entryFor, type Ledger } from './ledger.js'
import { assertWanted, type Network } from './net.js'
import { proveResponse } from './respond.js'
import { pathAt, sizeAt, standingAt } from './standing.js'
import type { SignedEnvelope } from './witness.js'

export type ProveStage = 'registry' | 'service' | 'proof'

/** What answering any Request needs. */
export interface Answering {
  readonly credential: Credential
  /** C of every other credential of hers in this registry: their leaves hide her from nobody. */
  readonly held?: readonly bigint[]
  /** Guests that she knows besides the credential's own: what they run are services to hide among. */
  readonly guests?: readonly Guest[]
  /** Her copy of the registry, as `syncCopy` has brought it up to date: nothing is fetched for an answer. */
  readonly mirror: Mirror
  readonly ledger: Ledger
  readonly backend: Backend<CircuitName>
  readonly now: () => number
  /** Documents of admission policies, to say what a Request accepts. */
  readonly documents?: readonly AdmissionPolicy[]
  readonly caution?: Partial<Caution>
  readonly agreement?: Agreement
  readonly hash?: Hasher
  /** Told what is asked before anything is answered; what it throws ends it there. */
  readonly onAsked?: ((asked: Asked) => void | Promise<void>) | undefined
  readonly onProgress?: ((stage: ProveStage) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Answered {
  readonly bundle: Bundle
  /** What the service answered. Bob sees it. */
  readonly payload: Uint8Array
}

/** Proves a response that is there already: an envelope, and the signature of one of her services on it. */
export function prove(
  request: Request,
  response: Pick<Answer, 'envelope' | 'signature'>,
  answering: Answering,
): Promise<Answered> {
  return answerRequest(request, answering, {
    envelope: response.envelope,
    get: async (caution) => checkEnvelope(response, answering.credential, request, answering.now(), caution),
  })
}

export interface Asking extends Answering {
  /** The name by which the agent lists the service. */
  readonly service: string
  readonly message: Uint8Array
  readonly network: Network
  readonly random: (size: number) => Uint8Array
  /** What the agent lists today, where it is known: addresses may have changed. */
  readonly guest?: () => Promise<Guest>
}

/** Asks a service and proves what it answers: `fetch`, for a caller who has to be shown where the answer is from. */
export function vouchedFetch(request: Request, asking: Asking): Promise<Answered> {
  const { credential, network, now, random, signal } = asking
  return answerRequest(request, asking, {
    get: async (caution) => {
      const { services } = (await asking.guest?.()) ?? credential.guest
      const service = serviceNamed(asking.service, credential, request, services)
      const { challenge } = request
      const ask = { version: 1, clientNonce: challenge, salt: random(32), message: asking.message } as const
      const answer = await askService(service, ask, network, signal)
      return checkAnswer(answer, ask, service, request, now(), caution)
    },
  })
}

interface ResponseSource {
  /** The envelope, where it is known before anyone is asked. */
  readonly envelope?: Uint8Array
  readonly get: (caution: Caution) => Promise<SignedEnvelope>
}

/**
 * Answers a Request, or refuses it before anyone has heard of it: the registrar and its mirrors never do. The order is the
 * point: judge, then ask, then prove, then remember, then hand out.
 */
async function answerRequest(
  request: Request,
  answering: Answering,
  response: ResponseSource,
): Promise<Answered> {
  const { credential, ledger, backend, now, agreement = {}, onProgress, signal } = answering
  const caution = { ...USUAL_CAUTION, ...answering.caution }

  // 1. The registry as her copy has it. A Request never has anything fetched: that would show when she answers, and refuses.
  onProgress?.('registry')
  const copy = await copyFor(credential, answering.mirror, answering.hash)
  const { head } = copy
  const size = await sizeAt(copy, request.root)
  assertWanted(signal)

  // 2. The Request asks for nothing that would show who answers.
  const { documents = [], held, guests = [] } = answering
  const standing = await standingAt(copy, size ?? 0, request, credential, held)
  const earlier = await ledger.find(scopeOf(request))
  const knows = { credential, documents, guests: [credential.guest, ...guests] }
  const known = { ...knows, head, size, standing, earlier, agreement, caution, now: now() }
  const asked = judgeRequest(request, known)
  await answering.onAsked?.(asked)
  if (asked.failures.length > 0) throw gravest(asked.failures)
  const answerOf = (envelope: Uint8Array): LedgerEntry => entryFor(request, envelope, now())
  assertUnanswered(request, earlier, response.envelope && answerOf(response.envelope).answer, agreement)

  // 3. What the service says is signed by it, now, for this question.
  onProgress?.('service')
  const signed = await response.get(caution)
  assertWanted(signal)

  // 4. The proof holds under the pinned key.
  onProgress?.('proof')
  const leaves = await pathAt(copy, standing.index ?? 0, size ?? 0)
  const holding = holdingOf(credential)
  const statement = { request, response: signed, holding, leaves, backend }
  const bundle = await proveResponse(signal === undefined ? statement : { ...statement, signal })

  // 5. It is remembered before it leaves.
  const entry = answerOf(signed.envelope)
  if (agreement.again) await ledger.replace(entry)
  else assertUnanswered(request, await ledger.claim(entry), entry.answer, agreement)
  return { bundle, payload: decodeEnvelope(signed.envelope).payload }
}
