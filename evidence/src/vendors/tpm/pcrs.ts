import {
  concat,
  equalBytes,
  fromHex,
  type Json,
  parseJson,
  shown,
  textOf,
  toHex,
  VouchError,
} from '@vouch/protocol'
import { mismatch } from '@vouch/protocol/codec'
import { HASHES, hashOf, PCR_COUNT, type TpmHash } from '../eventlog/banks.js'
import { looksLikeSerializedPcrs, parseSerializedPcrs } from './serialized-pcrs.js'
import type { PcrBank, PcrSelection, PcrValue } from './types.js'

// PCR values in JSON: {"bank": "sha256", "pcrs": {"0": "…", "4": "…"}}, values in lower-case hexadecimal.

const WHAT = 'PCR values'
const MAX_BYTES = 8192

/** Whether bytes are meant as PCR values. */
export function looksLikePcrs(bytes: Uint8Array): boolean {
  return looksLikeSerializedPcrs(bytes) || looksLikePcrsJson(bytes)
}

/** Reads a file of PCR values: the JSON of one bank, or what tpm2-tools write of one or several. */
export function parsePcrs(bytes: Uint8Array): readonly PcrBank[] {
  return looksLikeSerializedPcrs(bytes) ? parseSerializedPcrs(bytes) : [parsePcrsJson(bytes)]
}

/** They start or end with one of its two members, as a file with a bit flipped still does. */
function looksLikePcrsJson(bytes: Uint8Array): boolean {
  if (bytes.length > MAX_BYTES) return false
  const text = new TextDecoder()
  const ends = [bytes.subarray(0, 40), bytes.subarray(-40)].map((end) => text.decode(end))
  return ends.some((end) => end.includes('"pcrs"') || end.includes('"bank"'))
}

function parsePcrsJson(bytes: Uint8Array): PcrBank {
  const json = objectIn(parseJson(textOf(bytes)), WHAT)
  const stranger = [...json.keys()].find((name) => name !== 'bank' && name !== 'pcrs')
  if (stranger !== undefined) {
    throw new VouchError('MEMBER_UNKNOWN', {
      rule: `${WHAT} must have no members but bank and pcrs`,
      given: shown(stranger),
    })
  }
  const bank = bankIn(json.get('bank') ?? null)
  const values = [...objectIn(json.get('pcrs') ?? null, `${WHAT}.pcrs`)].map(([index, value]) => {
    if (!/^(0|[1-9]|1[0-9]|2[0-3])$/.test(index)) {
      throw new VouchError('VALUE_OUT_OF_RANGE', {
        rule: `${WHAT} must be of PCRs 0 to ${PCR_COUNT - 1}`,
        given: shown(index),
      })
    }
    return [Number(index), valueIn(value, bank, `PCR ${index}`)] as const
  })
  return { bank, values: new Map(values.sort(([a], [b]) => a - b)) }
}

/** The text of a file of PCR values. */
export function printPcrs({ bank, values }: PcrBank): string {
  const pcrs = Object.fromEntries([...values].map(([index, value]) => [index, toHex(value)]))
  return JSON.stringify({ bank, pcrs }, null, 1)
}

/** The values that a quote selects, in its order (Part 3, section 18.4), and whether they are all that was given. */
export function selectedValues(selections: readonly PcrSelection[], banks: readonly PcrBank[]) {
  const found = selections.flatMap(({ hash, pcrs }) =>
    pcrs.map((index) => ({
      bank: hash,
      index,
      value: banks.find(({ bank }) => bank === hash)?.values.get(index),
    })),
  )
  const values = found.filter((entry): entry is PcrValue => entry.value !== undefined)
  const given = banks.reduce((count, bank) => count + bank.values.size, 0)
  return {
    values,
    missing: found.filter(({ value }) => value === undefined).map(({ bank, index }) => `${bank}:${index}`),
    /** A value that the quote does not select is vouched for by nobody. */
    isAll: values.length === given,
  }
}

/** The digest of a quote is taken with the hash of its signature. */
export function isDigestOf(digest: Uint8Array, values: readonly PcrValue[], hash: TpmHash): boolean {
  return equalBytes(digest, hashOf(hash, concat(...values.map(({ value }) => value))))
}

function objectIn(json: Json, what: string): ReadonlyMap<string, Json> {
  return json instanceof Map ? json : mismatch(what, 'an object', json)
}

function bankIn(json: Json): TpmHash {
  const known = (Object.keys(HASHES) as TpmHash[]).find((name) => name === json)
  return known ?? mismatch(`${WHAT}.bank`, `one of ${Object.keys(HASHES).join(', ')}`, json)
}

function valueIn(json: Json, bank: TpmHash, what: string): Uint8Array {
  if (typeof json !== 'string') return mismatch(what, 'hexadecimal', json)
  const value = fromHex(json, what)
  if (value.length === HASHES[bank].bytes) return value
  throw new VouchError('VALUE_MALFORMED', {
    rule: `${what} must have the ${HASHES[bank].bytes} bytes of ${bank}`,
    given: `${value.length}`,
  })
}
