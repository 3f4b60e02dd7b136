import { sha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { assertTime } from '../credential.js'
import { VouchError } from '../errors.js'
import { assertLength } from '../hashes/field.js'
import { Reader, Writer } from '../notation/binary.js'
import { ascii, concat, equalBytes } from '../notation/bytes.js'
import { boundedBytes } from '../notation/scalars.js'

/** What a service signs. It names nothing of the machine, the instance or the key: Bob sees all of it. */
export interface Envelope {
  readonly clientNonce: Uint8Array
  /** Whole seconds: the time that the client asked with, or the service's clock floored to ten seconds. */
  readonly time: number
  /** Hash of what was asked, salted by the client, so that only whom the client tells can check a guess. */
  readonly askHash: Uint8Array
  readonly payload: Uint8Array
}

export const MAX_PAYLOAD_BYTES = 1024 * 1024

/**
 * Every kind of statement that a service's key signs, by the name that its bytes start with, a zero byte behind it. An
 * answer is one kind: what an answer says, a grant or a channel never says.
 */
const STATEMENT_NAMES = {
  answer: 'vouch-envelope-v1',
  grant: 'vouch-grant-v1',
  channel: 'vouch-channel-v1',
} as const

type StatementKind = keyof typeof STATEMENT_NAMES

const startOf = (kind: StatementKind): Uint8Array => concat(ascii(STATEMENT_NAMES[kind]), new Uint8Array(1))

/** The kind of a statement, by how its bytes start. */
function statementKind(bytes: Uint8Array): StatementKind | undefined {
  return (Object.keys(STATEMENT_NAMES) as StatementKind[]).find((kind) => {
    const start = startOf(kind)
    return equalBytes(bytes.subarray(0, start.length), start)
  })
}

const MAGIC = startOf('answer')
const nonce = boundedBytes(32, 32)
const time = boundedBytes(8, 8)
const payload = boundedBytes(0, MAX_PAYLOAD_BYTES)

export function encodeEnvelope(envelope: Envelope): Uint8Array {
  const seconds = new Writer()
  seconds.uint(assertTime(envelope.time, 'envelope.time'), 8)
  const out = new Writer()
  out.bytes(MAGIC)
  nonce.write(out, envelope.clientNonce, 'envelope.client_nonce')
  time.write(out, seconds.finish(), 'envelope.time')
  nonce.write(out, envelope.askHash, 'envelope.ask_hash')
  payload.write(out, envelope.payload, 'envelope.payload')
  return out.finish()
}

export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const kind = statementKind(bytes)
  if (kind !== undefined && kind !== 'answer') {
    throw new VouchError('STATEMENT_MISMATCH', {
      rule: 'an envelope must be the statement of an answer',
      given: STATEMENT_NAMES[kind],
    })
  }
  const input = new Reader(bytes, 'envelope')
  if (!equalBytes(input.take(MAGIC.length, 'magic'), MAGIC)) {
    throw new VouchError('VERSION_UNKNOWN', {
      rule: `an envelope must start with its name and version, ${STATEMENT_NAMES.answer}`,
    })
  }
  const clientNonce = nonce.read(input, 'envelope.client_nonce')
  const seconds = new Reader(time.read(input, 'envelope.time'), 'envelope.time').uint(8, 'seconds')
  const askHash = nonce.read(input, 'envelope.ask_hash')
  const content = payload.read(input, 'envelope.payload')
  input.end()
  return {
    clientNonce,
    time: assertTime(Number(seconds), 'envelope.time'),
    askHash,
    payload: content,
  }
}

/** What an envelope says of the question. */
export function askHash(salt: Uint8Array, ask: Uint8Array): Uint8Array {
  return sha256(concat(ascii('vouch-ask-v1'), assertLength(salt, 32, 'salt'), ask))
}

/** Every way in which envelope bytes become what is signed. The number is its place in a Request. */
export const PROFILES = {
  sha256: { id: 1, digest: (envelope: Uint8Array): Uint8Array => sha256(envelope) },
  eip191: {
    id: 2,
    digest: (envelope: Uint8Array): Uint8Array =>
      keccak_256(
        concat(Uint8Array.of(0x19), ascii(`Ethereum Signed Message:\n${envelope.length}`), envelope),
      ),
  },
} as const

export type ProfileName = keyof typeof PROFILES

export const PROFILE_IDS = {
  sha256: PROFILES.sha256.id,
  eip191: PROFILES.eip191.id,
} as const satisfies Record<ProfileName, number>
