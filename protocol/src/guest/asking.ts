import { type Codec, parseFile, printFile } from '../notation/codec.js'
import { optional, record } from '../notation/composites.js'
import { boundedBytes, fixedBytes, version } from '../notation/scalars.js'
import { gridTime } from '../request/asks.js'
import { MAX_PAYLOAD_BYTES } from '../statements/envelope.js'

/** The question behind an ask_hash. Its holder can show what was asked. */
export interface Opening {
  readonly salt: Uint8Array
  readonly message: Uint8Array
}

/** What a client asks a service. Nonce and salt are the client's own. */
export interface Ask extends Opening {
  readonly version: 2
  /** Goes into the envelope as it is: the Request's challenge, or random. */
  readonly clientNonce: Uint8Array
  /** Hides the question in the envelope's ask_hash from everyone who does not know it. */
  readonly salt: Uint8Array
  readonly message: Uint8Array
  /** The time to put into the envelope. Without it, the service puts in its own clock, floored to `CLOCK_STEP`. */
  readonly now?: number
}

/** The step of a service's own times, in seconds: whole seconds tell one guest's clock from another's. */
export const CLOCK_STEP = 10

/** How far from a service's clock the time may be that an ask gives, in seconds. */
export const ASKED_TIME_SKEW = 120

/** What a service answers: the envelope, and its signature (r ‖ s, s in the lower half) under the service's profile. */
export interface Answer {
  readonly version: 1
  readonly envelope: Uint8Array
  readonly signature: Uint8Array
}

const ENVELOPE_FIELDS_BYTES = 106

const question = { salt: fixedBytes(32), message: boundedBytes(0, MAX_PAYLOAD_BYTES) }

export const openingCodec: Codec<Opening> = record<Opening>(question)

export const askCodec: Codec<Ask> = record<Ask>({
  version: version(2),
  clientNonce: fixedBytes(32),
  ...question,
  now: optional(gridTime),
})

export const answerCodec: Codec<Answer> = record<Answer>({
  version: version(1),
  envelope: boundedBytes(ENVELOPE_FIELDS_BYTES, ENVELOPE_FIELDS_BYTES + MAX_PAYLOAD_BYTES),
  signature: fixedBytes(64),
})

export const parseOpening = (file: string | Uint8Array): Opening => parseFile(openingCodec, file, 'opening')
export const printOpening = (opening: Opening): string => printFile(openingCodec, opening, 'opening')
export const parseAsk = (file: string | Uint8Array): Ask => parseFile(askCodec, file, 'ask')
export const printAsk = (ask: Ask): string => printFile(askCodec, ask, 'ask')
export const parseAnswer = (file: string | Uint8Array): Answer => parseFile(answerCodec, file, 'answer')
export const printAnswer = (answer: Answer): string => printFile(answerCodec, answer, 'answer')
