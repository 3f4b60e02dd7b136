import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import {
  ascii,
  assertKind,
  assertLength,
  assertShape,
  type Check,
  concat,
  EXIT_OF,
  encodeRequest,
  equalSecrets,
  type Reply,
  type Request,
} from '@vouch/protocol'
import { makeRequest, type RequestParameters } from './ask.js'
import type { SeenStore } from './seen.js'
import type { Verdict } from './verdict.js'
import { type VerifyParameters, verify } from './verify.js'

const SALT_BYTES = 16
const MARK_BYTES = 16

const MINE = 'the Request must be one that this verifier made'
const ONCE = 'the Request must not have been answered before'

/** Makes Requests, and judges each of them once. */
export interface Challenges {
  /** Makes a Request. Nothing is kept of it: it carries its maker's mark. `salt` is 16 random bytes. */
  ask(parameters: Omit<RequestParameters, 'challenge'> & { readonly salt: Uint8Array }): Request
  /** Judges a reply: a bundle, its Request and perhaps an opening, all from a stranger. */
  judge(reply: Reply, given: Omit<VerifyParameters, 'request' | 'opening'>): Promise<Verdict>
}

/**
 * For a verifier who answers strangers, such as an HTTP handler. A flood of those who ask costs neither memory nor
 * disk: the mark in a challenge says that its Request, each byte of it, is this verifier's own, and the Request's own
 * time says for how long. What has been answered is kept until then, and no longer.
 *
 * `key` is 32 secret bytes. All who judge one another's Requests share it, and the store.
 */
export function openChallenges(given: { readonly key: Uint8Array; readonly seen: SeenStore }): Challenges {
  assertShape(given, { key: 'bytes', seen: 'object' }, 'openChallenges: given')
  const { key, seen } = given
  assertLength(key, 32, 'key of challenges')

  /** The second half of a challenge, from its first and from all else that the Request says. */
  const markOf = (request: Request): Uint8Array => {
    const unmarked = { ...request, challenge: concat(saltOf(request), new Uint8Array(MARK_BYTES)) }
    const content = concat(ascii('vouch-challenge-mark-v1'), encodeRequest(unmarked))
    return hmac(sha256, key, content).subarray(0, MARK_BYTES)
  }

  return {
    ask: (asking) => {
      assertKind(asking, 'object', 'ask: parameters')
      assertKind(asking.salt, 'bytes', 'ask: parameters.salt')
      const { salt, ...parameters } = asking
      const unmarked = concat(assertLength(salt, SALT_BYTES, 'salt'), new Uint8Array(MARK_BYTES))
      const request = makeRequest({ ...parameters, challenge: unmarked })
      return { ...request, challenge: concat(salt, markOf(request)) }
    },

    judge: async (reply, given) => {
      assertShape(reply, { version: 'count', request: 'object', bundle: 'object' }, 'judge: reply')
      assertShape(
        given,
        { acceptance: 'object', head: 'object', now: 'time', backend: 'object' },
        'judge: given',
      )
      const { request, bundle, opening } = reply
      const { acceptance, now } = given
      if (!equalSecrets(request.challenge.subarray(SALT_BYTES), markOf(request))) return NOT_MINE
      const verdict = await verify(bundle, { ...given, request, opening })
      const checks: readonly Check[] = [{ rule: MINE, outcome: 'held' }, ...verdict.checks]
      if (!verdict.accepted) return { ...verdict, checks }
      // Every clock that judges with this store may be behind this one by the skew, and lets the Request be late by the
      // skew: until the last such clock refuses it, an answer that was forgotten could be sent again.
      const until = request.now + acceptance.requestAge + 2 * acceptance.clockSkew
      const isFirst = await seen.consume(request.challenge, until, now)
      return isFirst ? { ...verdict, checks: [...checks, { rule: ONCE, outcome: 'held' }] } : usedUp(checks)
    },
  }
}

const saltOf = ({ challenge }: Request): Uint8Array => challenge.subarray(0, SALT_BYTES)

const NOT_MINE: Verdict = {
  accepted: false,
  exit: EXIT_OF.CHALLENGE_UNKNOWN,
  checks: [{ rule: MINE, outcome: 'failed' }],
  failures: [
    { code: 'CHALLENGE_UNKNOWN', rule: MINE, hint: 'ask for a Request, and answer with that very one' },
  ],
}

const usedUp = (checks: readonly Check[]): Verdict => ({
  accepted: false,
  exit: EXIT_OF.CHALLENGE_USED,
  checks: [...checks, { rule: ONCE, outcome: 'failed' }],
  failures: [{ code: 'CHALLENGE_USED', rule: ONCE, hint: 'ask for another Request' }],
})
