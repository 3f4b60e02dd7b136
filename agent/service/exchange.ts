import { type ErrorCode, EXIT_OF, parseAsk, printAnswer, VouchError } from '@vouch/protocol'
import { clock } from '@vouch/protocol/node'
import type { Limits } from './limits.js'
import { assertTimeToAsk, envelopeFor, type Respond, type Signer, signEnvelope } from './sign.js'

/** What goes back, over whichever wire: an answer, or a refusal and its code. */
export interface Reply {
  readonly text: string
  readonly refused?: ErrorCode
}

/** One ask, as a file's bytes, and who sent it. */
export type Exchange = (ask: Uint8Array, from: string) => Promise<Reply>

const SECOND_MS = 1000

/** Everything between a wire and the key: limits, then the ask, then the response, then the signature. */
export function exchangeWith(
  signer: Signer,
  respond: Respond,
  limits: Limits,
  count: (outcome: ErrorCode | 'answered') => void,
): Exchange {
  const isAllowed = allowance(limits)
  let inHand = 0

  async function answer(bytes: Uint8Array): Promise<string> {
    if (inHand >= limits.concurrent) {
      throw new VouchError('BUSY', { rule: `the service takes ${limits.concurrent} asks in hand` })
    }
    inHand++
    try {
      const ask = parseAsk(bytes)
      assertTimeToAsk(ask, clock())
      const payload = await respond(ask.message)
      return printAnswer(signEnvelope(envelopeFor(ask, payload, clock()), signer))
    } finally {
      inHand--
    }
  }

  return async (bytes, from) => {
    try {
      if (!isAllowed(from)) {
        throw new VouchError('RATE_LIMITED', { rule: `${limits.perAddress} asks a second are answered` })
      }
      const text = await answer(bytes)
      count('answered')
      return { text }
    } catch (error) {
      const reply = refusal(error)
      count(reply.refused)
      return reply
    }
  }
}

/** What a stranger is told of an error: ours in full; of anything else, only that it happened. */
export function refusal(error: unknown): Required<Reply> {
  const known =
    error instanceof VouchError ? error : new VouchError('INTERNAL', { rule: 'the service failed' })
  const { code, rule, given, hint } = known
  return {
    text: JSON.stringify({ failures: [{ code, exit: EXIT_OF[code], rule, given, hint }] }),
    refused: code,
  }
}

/** Whether an address may ask once more in this second. The table is emptied each second and holds `total` at most. */
function allowance({ perAddress, total }: Limits): (from: string) => boolean {
  let second = 0
  let asked = 0
  const askedBy = new Map<string, number>()
  return (from) => {
    const now = Math.floor(Date.now() / SECOND_MS)
    if (now !== second) {
      second = now
      asked = 0
      askedBy.clear()
    }
    const before = askedBy.get(from) ?? 0
    if (asked >= total || before >= perAddress) return false
    asked++
    askedBy.set(from, before + 1)
    return true
  }
}
