import type { Backend, CircuitName, Hasher } from '@vouch/circuits'
import type { AdmissionPolicy } from '@vouch/evidence'
import {
  type Answer,
  assertKind,
  assertShape,
  type Bundle,
  decodeEnvelope,
  type Guest,
  type Request,
  type Shape,
  scopeOf,
} from '@vouch/protocol'
import { type Mirror, type RegistrySource, syncRegistry } from '@vouch/registry'
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
import { type Credential, holdingOf, type LedgerEntry } from './files.js'
import { entryFor, type Ledger } from './ledger.js'
import { abandonableSource, assertWanted, type Network } from './net.js'
import { proveResponse } from './respond.js'
import { openCopy, pathAt, sizeAt, standingAt } from './standing.js'
import type { SignedEnvelope } from './witness.js'

export type ProveStage = 'registry' | 'service' | 'proof'

/** What answering any Request needs. */
export interface Answering {
  readonly credential: Credential
  readonly source: RegistrySource
  /** Her copy of the registry, which remembers the newest head that she saw. */
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

const ANSWERING: Shape<Answering> = {
  credential: 'object',
  source: 'object',
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
 * Answers a Request, or refuses it before anyone but the registry's readers has heard of it. The order is the point: judge,
 * then ask, then prove, then remember, then hand out.
 */
async function answerRequest(
  request: Request,
  answering: Answering,
  response: ResponseSource,
): Promise<Answered> {
  const { credential, ledger, backend, now, agreement = {}, onProgress, signal } = answering
  const caution = { ...USUAL_CAUTION, ...answering.caution }

  // 1. The registry as it is now, by the signer that is pinned, continuing what was seen before.
  onProgress?.('registry')
  const { head, copy, size } = await synced(request, answering)
  assertWanted(signal)

  // 2. The Request asks for nothing that would show who answers.
  const standing = await standingAt(copy, size ?? 0, request, credential)
  const earlier = await ledger.find(scopeOf(request))
  const { documents = [] } = answering
  const known = { credential, head, size, standing, documents, earlier, agreement, caution, now: now() }
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

async function synced(request: Request, { credential, source, mirror, hash, signal }: Answering) {
  const { registry } = credential
  const { head } = await syncRegistry({
    source: abandonableSource(source, signal),
    mirror,
    expected: { registryId: registry.id, signer: registry.signer },
    ...(hash === undefined ? {} : { hash }),
  })
  const copy = await openCopy(mirror, hash)
  return { head, copy, size: await sizeAt(copy, request.root) }
}
