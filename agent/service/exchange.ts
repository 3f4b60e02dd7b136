import { clock } from '@vouch/host/node'
import { parseAsk, printAnswer } from '@vouch/protocol'
import { assertTimeToAsk, type EnvelopeSigner, envelopeFor, type Respond, signEnvelope } from './sign.js'

/** One ask, as a file's bytes, and the answer to it. */
export type Exchange = (ask: Uint8Array) => Promise<string>

/** Everything between a wire and the key: the ask, then the response, then the signature. */
export function exchangeWith(signer: EnvelopeSigner, respond: Respond): Exchange {
  return async (bytes) => {
    const ask = parseAsk(bytes)
    assertTimeToAsk(ask, clock())
    const payload = await respond(ask.message)
    return printAnswer(signEnvelope(envelopeFor(ask, payload, clock()), signer))
  }
}
