import { askAgain, boundedBody, type Waiting } from '@vouch/host'
import {
  assertWanted,
  cancelled,
  type ErrorCode,
  EXIT_OF,
  type Failure,
  gravest,
  type JsonObject,
  MAX_FILE_BYTES,
  parseJson,
  shown,
  textOf,
  unanswered,
  VouchError,
  whyUnanswered,
} from '@vouch/protocol'
import type { RegistrySource } from '@vouch/registry'

/** One line for one line with a TCP peer. */
export type LineExchange = (
  peer: { readonly host: string; readonly port: number },
  line: string,
  bounds: { readonly limit: number; readonly signal: AbortSignal },
) => Promise<string>

/** The network, as far as Alice uses it. */
export interface Network {
  readonly fetch: typeof fetch
  /** For services that answer by TCP; without it they cannot be asked. */
  readonly exchangeLine?: LineExchange
  /** How long each step may take; if not given, 30 s, and five minutes for being admitted. */
  readonly timeoutMs?: number
  /** The clock and the chance by which a server that has enough is asked again. */
  readonly waiting?: Waiting
}

/** Whom a question goes to: what it is called in errors, and the code when it does not answer. */
export interface Peer {
  readonly name: 'agent' | 'registrar' | 'service'
  readonly code: ErrorCode
}

export const AGENT: Peer = { name: 'agent', code: 'AGENT_UNREACHABLE' }
export const REGISTRAR: Peer = { name: 'registrar', code: 'REGISTRY_UNREACHABLE' }
export const SERVICE: Peer = { name: 'service', code: 'SERVICE_UNREACHABLE' }

const TIMEOUT_MS = 30_000
/** How long a peer that has enough may put a question off, however long the answer may take. */
const LONGEST_WAIT_MS = 60_000

/**
 * Asks somebody something and waits so long and no longer. What comes back is a stranger's: bounded, and believed in
 * nothing, not even in the refusal that it says it is.
 */
export async function withinTime<T>(
  peer: Peer,
  where: string,
  { timeoutMs = TIMEOUT_MS }: Pick<Network, 'timeoutMs'>,
  signal: AbortSignal | undefined,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  assertWanted(signal)
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    return await ask(signal === undefined ? timeout : AbortSignal.any([signal, timeout]))
  } catch (error) {
    assertWanted(signal)
    if (error instanceof VouchError) throw error
    const why = timeout.aborted ? `no answer within ${timeoutMs} ms` : whyUnanswered(error)
    throw unreachable(peer, where, why, error)
  }
}

/**
 * Gets, or posts JSON where there is a body; the answer is JSON of some form that the caller reads. A peer that has enough is
 * asked again when it says, within the time that a step may take.
 */
export async function askJson(
  peer: Peer,
  url: string,
  body: string | undefined,
  network: Network,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { timeoutMs, waiting } = network
  const posting = { method: 'POST', headers: { 'content-type': 'application/json' }, body: body ?? '' }
  const askOnce = () =>
    withinTime(peer, url, network, signal, async (within) => {
      const response = await network.fetch(url, {
        ...(body === undefined ? {} : posting),
        redirect: 'error',
        signal: within,
      })
      return { response, answer: await boundedBody(response, MAX_FILE_BYTES, within) }
    })
  const patience = timeoutMs === undefined ? {} : { totalMs: Math.min(timeoutMs, LONGEST_WAIT_MS) }
  const asking = askAgain(askOnce, { signal, patience, waiting })
  const { response, answer } = await asking.catch((error: unknown) => {
    assertWanted(signal)
    throw error
  })
  if (response.ok) return answer
  throw refusalIn(answer, peer) ?? unreachable(peer, url, `status ${response.status}`)
}

/** Work that is left, not waited for, when the caller gives up. */
export function abandonable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise<T>((resolve, reject) => {
    const giveUp = (): void => reject(cancelled())
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}

/** A source that is left likewise. What it reads is bounded where it is opened. */
export function abandonableSource(source: RegistrySource, signal: AbortSignal | undefined): RegistrySource {
  const { policies } = source
  return {
    ...source,
    head: () => abandonable(source.head(), signal),
    index: () => abandonable(source.index(), signal),
    ...(policies === undefined ? {} : { policies: () => abandonable(policies(), signal) }),
    bucket: (number) => abandonable(source.bucket(number), signal),
  }
}

export const unreachable = ({ name, code }: Peer, where: string, why: string, cause?: unknown): VouchError =>
  unanswered({ code, who: `the ${name}`, where, why, cause })

/** The gravest failure that a peer names, if it names any that is known here. Its words are shown as a stranger's. */
export function refusalIn(answer: string | Uint8Array, { name }: Peer): VouchError | undefined {
  try {
    const json = parseJson(typeof answer === 'string' ? answer : textOf(answer))
    const listed = json instanceof Map ? (json as JsonObject).get('failures') : undefined
    const failures = (Array.isArray(listed) ? listed : []).flatMap((one) => failureIn(one))
    const worst = gravest(failures)
    return worst && new VouchError(worst.code, { ...worst, rule: `the ${name} refuses: ${worst.rule}` })
  } catch {
    return undefined
  }
}

function failureIn(json: unknown): readonly Failure[] {
  if (!(json instanceof Map)) return []
  const code = json.get('code')
  const isKnown = (name: unknown): name is ErrorCode =>
    typeof name === 'string' && Object.hasOwn(EXIT_OF, name)
  if (!isKnown(code)) return []
  const [field, wanted] = [json.get('field'), json.get('wanted')]
  const hint =
    typeof field === 'string' && typeof wanted === 'string'
      ? `${shown(field)}: wanted ${shown(wanted)}`
      : undefined
  return [{ code, rule: shown(json.get('rule')), ...(hint === undefined ? {} : { hint }) }]
}
