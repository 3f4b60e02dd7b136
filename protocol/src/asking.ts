import { type Codec, parseFile, printFile } from './codec/codec.js'
import { record } from './codec/composites.js'
import { boundedBytes, fixedBytes, version } from './codec/scalars.js'
import { MAX_PAYLOAD_BYTES } from './envelope.js'

/** What a client asks a service. Nonce and salt are the client's own. */
export interface Ask {
  readonly version: 1
  /** Goes into the envelope as it is: the Request's challenge, or random. */
  readonly clientNonce: Uint8Array
  /** Hides the question in the envelope's ask_hash from whoever does not know it. */
  readonly salt: Uint8Array
  readonly message: Uint8Array
}

/** What a service answers: the envelope, and its signature (r ‖ s, s in the lower half) under the service's profile. */
export interface Answer {
  readonly version: 1
  readonly envelope: Uint8Array
  readonly signature: Uint8Array
}

const ENVELOPE_FIELDS_BYTES = 106

export const askCodec: Codec<Ask> = record<Ask>({
  version: version(1),
  clientNonce: fixedBytes(32),
  salt: fixedBytes(32),
  message: boundedBytes(0, MAX_PAYLOAD_BYTES),
})

export const answerCodec: Codec<Answer> = record<Answer>({
  version: version(1),
  envelope: boundedBytes(ENVELOPE_FIELDS_BYTES, ENVELOPE_FIELDS_BYTES + MAX_PAYLOAD_BYTES),
  signature: fixedBytes(64),
})

export const parseAsk = (file: string | Uint8Array): Ask => parseFile(askCodec, file, 'ask')
export const printAsk = (ask: Ask): string => printFile(askCodec, ask, 'ask')
export const parseAnswer = (file: string | Uint8Array): Answer => parseFile(answerCodec, file, 'answer')
export const printAnswer = (answer: Answer): string => printFile(answerCodec, answer, 'answer')
