import { keyHash } from '@vouch/circuits'
import {
  type AcceptancePolicy,
  type Bundle,
  type ErrorCode,
  type HeadContent,
  type Request,
  requestHash,
  signHead,
} from '@vouch/protocol'
import type { Verdict, VerifyParameters } from '@vouch/verifier'
import { makeStory, registrarKey } from '../../../fixtures/story/story.js'
import { ask, bytes32, NOON, respondTo } from '../../../test/support/proven.js'

// Bundles that hold in everything but their proof: the backend answers what it is told to.

export const story = makeStory(NOON)
const [north] = story.machines
export const saying = (holds: boolean) => ({ verify: async () => holds })
export const { clockSkew, headAge, requestAge } = story.acceptance
export const RESPONSE_AGE = 300

export interface Changes {
  readonly acceptance?: Partial<AcceptancePolicy>
  readonly head?: Partial<HeadContent>
  readonly request?: Partial<Request>
  /** When the service answered. */
  readonly time?: number
  readonly bundle?: Partial<Bundle>
  readonly given?: Partial<VerifyParameters>
}

export interface Scene {
  readonly bundle: Bundle
  readonly given: VerifyParameters
}

/** A bundle that holds, with changes that the rest follows from. */
export function scene({ acceptance, head, request, time, bundle, given }: Changes = {}): Scene {
  const changed = { ...story, acceptance: { ...story.acceptance, ...acceptance } }
  const asked = { ...ask(changed), ...request }
  const { envelope } = respondTo(asked, north, 'echo', { time: time ?? NOON })
  return {
    bundle: {
      version: 1,
      circuit: keyHash('respond'),
      request: requestHash(asked),
      envelope,
      nullifier: 7n,
      proof: bytes32(1),
      ...bundle,
    },
    given: {
      request: asked,
      acceptance: changed.acceptance,
      head: signHead({ ...story.head, ...head }, registrarKey),
      now: NOON,
      backend: saying(true),
      ...given,
    },
  }
}

export const codesOf = (verdict: Verdict): readonly ErrorCode[] =>
  verdict.accepted ? [] : verdict.failures.map(({ code }) => code)
