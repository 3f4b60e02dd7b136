import type { Backend, CircuitName } from '@vouch/circuits'
import { askHash, type Bundle, type ProfileName, type Request } from '@vouch/protocol'
import { proveResponse } from '@vouch/prover'
import { makeRequest, type VerifyParameters } from '@vouch/verifier'
import { answer, type Machine, makeStory, type ServiceName, type Story } from '../../fixtures/story/story.js'

/** When the tests' story plays: a whole hour, so that nothing hangs on the day they run. */
export const NOON = 1_800_000_000 - (1_800_000_000 % 3600)

export const bytes32 = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)

export const shop = 'https://shop.example'

/** A Request at the story's head. */
export function ask(story: Story, changes: Partial<Parameters<typeof makeRequest>[0]> = {}): Request {
  return makeRequest({
    acceptance: story.acceptance,
    head: story.head,
    now: NOON,
    verifier: shop,
    challenge: bytes32(0xc1),
    profile: 'sha256',
    ...changes,
  })
}

/** What a service answers to a Request. */
export function respondTo(
  request: Request,
  machine: Machine,
  name: ServiceName = 'echo',
  {
    time = NOON,
    profile = request.profile,
    payload = 'hello',
  }: { time?: number; profile?: ProfileName; payload?: string } = {},
): ReturnType<typeof answer> {
  return answer(machine, name, profile, {
    clientNonce: request.challenge,
    time,
    askHash: askHash(bytes32(7), new TextEncoder().encode('hello?')),
    payload: new TextEncoder().encode(payload),
  })
}

/** A bundle that holds, and all that it is judged by. */
export interface Proven {
  readonly story: Story
  readonly bundle: Bundle
  readonly given: VerifyParameters
}

/** Proves the story's ordinary response. */
export async function prove(
  backend: Backend<CircuitName>,
  changes: Partial<Parameters<typeof makeRequest>[0]> = {},
): Promise<Proven> {
  const story = makeStory(NOON)
  const request = ask(story, changes)
  const [north] = story.machines
  const response = respondTo(request, north, request.profile === 'eip191' ? 'mailer' : 'echo')
  const bundle = await proveResponse({
    request,
    response,
    holding: north.holding,
    leaves: story.leaves,
    backend,
  })
  return {
    story,
    bundle,
    given: { request, acceptance: story.acceptance, head: story.head, now: NOON, backend },
  }
}
