import type { Backend, CircuitName } from '@vouch/circuits'
import type { AdmissionPolicy } from '@vouch/evidence'
import {
  type Answer,
  askHash,
  assertKind,
  assertShape,
  assertWanted,
  type Bundle,
  type Credential,
  decodeEnvelope,
  type Guest,
  gravestError,
  type Hasher,
  inForceAt,
  type LedgerEntry,
  type Opening,
  type Request,
  type Shape,
  scopeOf,
  type Verifier,
} from '@vouch/protocol'
import type { Mirror } from '@vouch/registry'
import { askFor, askService, assertAsked, checkAnswer, checkEnvelope, serviceNamed } from './asking.js'
import { type Agreement, type Asked, type Caution, judgeRequest, USUAL_CAUTION } from './caution.js'
import { copyFor } from './copy.js'
import { assertUnanswered, entryFor, type Ledger } from './ledger.js'
import type { Network } from './net.js'
import { proveResponse } from './respond.js'
import { pathAt, standingAt, undoneFor } from './standing.js'
import { holdingOf, type SignedEnvelope } from './witness.js'

export type ProveStage = 'registry' | 'service' | 'proof'

/** What answering any Request needs. */
export interface Answering {
  readonly credential: Credential
  /** The verifier that she means to answer. A Request of another one is refused: it was relayed, and the relay would reap the answer. */
  readonly verifier: Verifier
  /** C of every other credential of hers in this registry: behind her own leaves she does not hide. */
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
  /** What the service was asked, and the salt that hides it: for Bob only if she wants to show him. */
  readonly opening?: Opening
}

const ANSWERING: Shape<Answering> = {
  credential: 'object',
  verifier: 'text or object',
  mirror: 'object',
  ledger: 'object',
  backend: 'object',
  now: 'function',
}

/** Refuses what is no Request, or nothing that is signed. */
export function assertSigned(request: Request, response: Pick<Answer, 'envelope' | 'signature'>): void {
  assertKind(request, 'object', 'prove: request')
  assertShape(response, { envelope: 'bytes', signature: 'bytes' }, 'prove: response')
}

/** Proves a response that is there already: an envelope, and the signature of one of her services on it. */
export async function prove(
  request: Request,
  response: Pick<Answer, 'envelope' | 'signature'>,
  answering: Answering,
): Promise<Answered> {
  assertSigned(request, response)
  assertShape(answering, ANSWERING, 'prove: answering')
  return answerRequest(request, answering, {
    envelope: response.envelope,
    get: async (caution) => ({
      signed: checkEnvelope(response, answering.credential, request, answering.now(), caution),
    }),
  })
}

export interface Asking extends Answering {
  /** The name by which the agent lists the service. */
  readonly service: string
  readonly message: Uint8Array
  /** Where the Request has an ask_hash: the salt that Bob drew for his question. Her own, and random, without it. */
  readonly salt?: Uint8Array | undefined
  readonly network: Network
  readonly random: (size: number) => Uint8Array
  /** What the agent lists today, where it is known: addresses may have changed. */
  readonly guest?: () => Promise<Guest>
}

const ASKING: Shape<Asking> = {
  ...ANSWERING,
  service: 'text',
  message: 'bytes',
  network: 'object',
  random: 'function',
}

/** Asks a service and proves what it answers: `fetch`, for a caller who has to be shown where the answer is from. */
export async function vouchedFetch(request: Request, asking: Asking): Promise<Answered> {
  assertKind(request, 'object', 'vouchedFetch: request')
  assertShape(asking, ASKING, 'vouchedFetch: asking')
  const { credential, network, now, random, signal } = asking
  return answerRequest(request, asking, {
    get: async () => {
      const { services } = (await asking.guest?.()) ?? credential.guest
      const service = serviceNamed(asking.service, credential, request, services)
      const opening = { salt: asking.salt ?? random(32), message: asking.message }
      assertAsked(request, askHash(opening.salt, opening.message))
      const sent = now()
      const ask = askFor(request, opening, sent)
      const answer = await askService(service, ask, network, signal)
      const signed = checkAnswer(answer, ask, service, request, { sent, received: now() })
      return { signed, opening }
    },
  })
}

interface ResponseSource {
  /** The envelope, where it is known before anyone is asked. */
  readonly envelope?: Uint8Array
  readonly get: (caution: Caution) => Promise<{ readonly signed: SignedEnvelope; readonly opening?: Opening }>
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
  const { credential, verifier, ledger, backend, now, agreement = {}, onProgress, signal } = answering
  const caution = { ...USUAL_CAUTION, ...answering.caution }

  // 1. The registry as her copy has it. A Request never has anything fetched: that would show when she answers, and refuses.
  onProgress?.('registry')
  const copy = await copyFor(credential, answering.mirror, answering.hash)
  const { head } = copy
  const undone = await undoneFor(copy, request.root)
  assertWanted(signal)

  // 2. The Request asks for nothing that would show who answers.
  const { documents = [], held, guests = [] } = answering
  const counted = { policies: request.policies, now: inForceAt(request) }
  const standing = await standingAt(copy, undone ?? new Map(), counted, credential, held)
  const earlier = await ledger.find(scopeOf(request))
  const knows = { credential, verifier, documents, guests: [credential.guest, ...guests] }
  const isRootKnown = undone !== undefined
  const known = { ...knows, head, isRootKnown, standing, earlier, agreement, caution, now: now() }
  const asked = judgeRequest(request, known)
  await answering.onAsked?.(asked)
  if (asked.failures.length > 0) throw gravestError(asked.failures)
  const answerOf = (envelope: Uint8Array): LedgerEntry => entryFor(request, envelope, now())
  assertUnanswered(request, earlier, response.envelope && answerOf(response.envelope).answer, agreement)

  // 3. What the service says is signed by it, now, for this question.
  onProgress?.('service')
  const { signed, opening } = await response.get(caution)
  assertWanted(signal)

  // 4. The proof holds under the pinned key.
  onProgress?.('proof')
  const leaves = await pathAt(copy, standing.index ?? 0, undone ?? new Map())
  const holding = holdingOf(credential)
  const statement = { request, response: signed, holding, leaves, backend }
  const bundle = await proveResponse(signal === undefined ? statement : { ...statement, signal })

  // 5. It is remembered before it leaves.
  const entry = answerOf(signed.envelope)
  if (agreement.again) await ledger.replace(entry)
  else assertUnanswered(request, await ledger.claim(entry), entry.answer, agreement)
  const { payload } = decodeEnvelope(signed.envelope)
  return { bundle, payload, ...(opening === undefined ? {} : { opening }) }
}
