import { compareBytes, VouchError } from '@vouch/protocol'
import { context, DER_TAG, type Der, parseDer } from '../core/der/der.js'
import { Fields, only, smallInteger } from '../core/der/fields.js'
import {
  assertSame,
  type Extension,
  extensionsIn,
  signedParts,
  strangerAmong,
  takeTime,
} from './certificate.js'

/** A certificate revocation list: RFC 5280, 5.1. */
export interface RevocationList {
  readonly der: Uint8Array
  readonly tbs: Uint8Array
  readonly signatureAlgorithm: Der
  readonly signature: Uint8Array
  readonly issuer: Uint8Array
  readonly thisUpdate: number
  readonly nextUpdate: number
  readonly revoked: readonly Uint8Array[]
}

export function parseRevocationList(der: Uint8Array): RevocationList {
  const what = 'revocation list'
  const { tbs, signatureAlgorithm, signature } = signedParts(parseDer(der, what), what)
  const fields = new Fields(tbs, what)
  if (smallInteger(fields.take(DER_TAG.INTEGER, 'version'), 'version') !== 1)
    throw new VouchError('DER_MALFORMED', { rule: 'a revocation list must have version 2' })
  assertSame(signatureAlgorithm, fields.take(DER_TAG.SEQUENCE, 'signature algorithm'))
  const issuer = fields.take(DER_TAG.SEQUENCE, 'issuer').raw
  const thisUpdate = takeTime(fields, 'thisUpdate')
  const nextUpdate = takeTime(fields, 'nextUpdate')
  const revoked = fields.optional(DER_TAG.SEQUENCE)
  const extensions = fields.optional(context(0))
  fields.end()
  if (extensions !== undefined)
    assertUnderstood(extensionsIn(only(extensions, DER_TAG.SEQUENCE, 'extensions')))
  return {
    der,
    tbs: tbs.raw,
    signatureAlgorithm,
    signature,
    issuer,
    thisUpdate,
    nextUpdate,
    revoked: (revoked?.parts ?? []).map(serialIn),
  }
}

/** Whether the list names this serial number. */
export function isRevoked(list: RevocationList, serial: Uint8Array): boolean {
  return list.revoked.some((revoked) => compareBytes(revoked, serial) === 0)
}

function serialIn(entry: Der): Uint8Array {
  const fields = new Fields(entry, 'revoked certificate')
  const serial = fields.take(DER_TAG.INTEGER, 'serial number').content
  takeTime(fields, 'revocation date')
  const extensions = fields.optional(DER_TAG.SEQUENCE)
  fields.end()
  if (extensions !== undefined) assertUnderstood(extensionsIn(extensions))
  return serial
}

/**
 * A list of another scope than it seems to have says so in an extension: such a list is not understood here. What RFC 5280
 * has in each list, its number and its issuer's key, is never critical (5.2.1, 5.2.3).
 */
function assertUnderstood(extensions: ReadonlyMap<string, Extension>): void {
  const stranger = strangerAmong(extensions, new Set())
  if (stranger === undefined) return
  throw new VouchError('ALGORITHM_UNKNOWN', {
    rule: 'a revocation list must have no extension that is critical, or restricts it',
    given: stranger,
  })
}
