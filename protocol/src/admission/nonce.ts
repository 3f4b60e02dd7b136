import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { admissionNonce, assertTime, MAX_TIME } from '../credential.js'
import { VouchError } from '../errors.js'
import { assertLength, fieldToBytes } from '../hashes/field.js'
import { ascii, concat, equalBytes, equalSecrets, fromInteger, toHex, toInteger } from '../notation/bytes.js'
import {
  type Codec,
  fieldElement,
  fixedBytes,
  parseFile,
  printFile,
  record,
  version,
} from '../notation/index.js'

/**
 * What a registrar gives out before it sees evidence. The registrar keeps none of it: the random part carries its own
 * time and the registrar's mark, so that a flood of askers costs neither memory nor disk. Only what was used is kept.
 */
export interface NonceTicket {
  readonly version: 1
  readonly registryId: Uint8Array
  /** C: the one credential that the nonce is good for. */
  readonly credential: bigint
  /** 32 bytes: when it was given (8), salt (8), mark (16). */
  readonly random: Uint8Array
}

export const ticketCodec: Codec<NonceTicket> = record<NonceTicket>({
  version: version(1),
  registryId: fixedBytes(32),
  credential: fieldElement(),
  random: fixedBytes(32),
})

export const parseTicket = (file: string | Uint8Array): NonceTicket =>
  parseFile(ticketCodec, file, 'nonce ticket')
export const printTicket = (ticket: NonceTicket): string => printFile(ticketCodec, ticket, 'nonce ticket')

/** What a client asks with: the credential alone. */
export interface NonceRequest {
  readonly version: 1
  readonly credential: bigint
}

export const nonceRequestCodec: Codec<NonceRequest> = record<NonceRequest>({
  version: version(1),
  credential: fieldElement(),
})

export const parseNonceRequest = (file: string | Uint8Array): NonceRequest =>
  parseFile(nonceRequestCodec, file, 'nonce request')
export const printNonceRequest = (request: NonceRequest): string =>
  printFile(nonceRequestCodec, request, 'nonce request')

/** How long a nonce is good for: the time to ask the hardware for evidence and to prove, with room. */
export const NONCE_LIFETIME = 900

const SALT_BYTES = 8
const MARK_BYTES = 16

/** Who gives nonces: a registry, and the secret that marks them as its own. */
export interface NonceGiver {
  readonly registryId: Uint8Array
  /** 32 secret bytes. Whoever draws them anew makes every nonce that was given worthless. */
  readonly nonceKey: Uint8Array
}

/** The nonce that evidence is to carry. */
export function nonceOf({ registryId, random, credential }: NonceTicket): Uint8Array {
  return admissionNonce(registryId, random, credential)
}

/** Gives a nonce for one credential. `salt` is 8 random bytes. */
export function issueNonce(
  giver: NonceGiver,
  credential: bigint,
  now: number,
  salt: Uint8Array,
): NonceTicket {
  const time = fromInteger(assertTime(now, 'now'), 8)
  const mark = markOf(giver, time, assertLength(salt, SALT_BYTES, 'salt'), credential)
  return { version: 1, registryId: giver.registryId, credential, random: concat(time, salt, mark) }
}

/** Refuses a ticket of another registry, for another credential, made up by the client, or too old. */
export function checkTicket(giver: NonceGiver, ticket: NonceTicket, now: number): void {
  if (!equalBytes(ticket.registryId, giver.registryId)) {
    throw new VouchError('NONCE_UNKNOWN', {
      rule: "the nonce must be of this registrar's registry",
      given: toHex(ticket.registryId),
    })
  }
  const time = ticket.random.subarray(0, 8)
  const salt = ticket.random.subarray(8, 8 + SALT_BYTES)
  const mark = ticket.random.subarray(8 + SALT_BYTES)
  if (!equalSecrets(mark, markOf(giver, time, salt, ticket.credential))) {
    throw new VouchError('NONCE_UNKNOWN', {
      rule: 'the nonce must be one that this registrar gave for this very credential',
      hint: 'ask for a nonce with the credential that the enrollment is for',
    })
  }
  const age = now - Math.min(Number(toInteger(time)), MAX_TIME)
  if (age < 0 || age > NONCE_LIFETIME) {
    throw new VouchError('NONCE_EXPIRED', {
      rule: `the nonce must be at most ${NONCE_LIFETIME} s old`,
      given: `${age} s`,
      hint: 'ask for a new nonce, and for new evidence under it',
    })
  }
}

function markOf(
  { registryId, nonceKey }: NonceGiver,
  time: Uint8Array,
  salt: Uint8Array,
  credential: bigint,
): Uint8Array {
  assertLength(nonceKey, 32, 'nonce key')
  const content = concat(ascii('vouch-nonce-mark-v1'), registryId, time, salt, fieldToBytes(credential))
  return hmac(sha256, nonceKey, content).subarray(0, MARK_BYTES)
}
