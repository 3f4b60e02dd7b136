import {
  canonicalJson,
  fromHex,
  type Json,
  type JsonObject,
  parseJson,
  textOf,
  VouchError,
} from '@vouch/protocol'
import { mismatch } from '@vouch/protocol/codec'
import { rsaPublicKey } from '../../x509/public-key.js'
import type { RuntimeData } from './types.js'

const WHAT = 'runtime data'
const AK = 'HCLAkPub'
const USER_DATA_BYTES = 64

/** Whether bytes are meant as runtime data. One of two words is enough: a file with a bit flipped is still one. */
export function looksLikeRuntimeData(bytes: Uint8Array): boolean {
  if (bytes.length > 16_384) return false
  const text = new TextDecoder().decode(bytes)
  return text.includes(`"${AK}"`) || text.includes('"vm-configuration"')
}

/** Reads runtime data. Members that are not known here say nothing to us: the layer below the guest wrote them. */
export function parseRuntimeData(bytes: Uint8Array): RuntimeData {
  const json = objectIn(parseJson(textOf(bytes)), WHAT)
  const keys = json.get('keys') ?? null
  if (!Array.isArray(keys)) return mismatch(`${WHAT}.keys`, 'a list', keys)
  const named = keys.map((key) => objectIn(key, `${WHAT}.keys`)).filter((key) => key.get('kid') === AK)
  const [key, ...others] = named
  if (key === undefined || others.length > 0)
    throw new VouchError('MEMBER_MISSING', { rule: `${WHAT} must have one key ${AK}` })
  const userData = json.get('user-data')
  return {
    attestationKey: keyOf(key),
    ...(userData === undefined ? {} : { userData: userDataIn(userData) }),
    vmConfiguration: configurationIn(json.get('vm-configuration') ?? null),
  }
}

/** RFC 7517 and RFC 7518, 6.3: an RSA key that signs. */
function keyOf(key: JsonObject): Uint8Array {
  if (key.get('kty') !== 'RSA')
    throw new VouchError('ALGORITHM_UNKNOWN', { rule: `${AK} must be an RSA key` })
  return rsaPublicKey(base64Url(key.get('n') ?? null), base64Url(key.get('e') ?? null))
}

function base64Url(json: Json): Uint8Array {
  if (typeof json !== 'string' || !/^[A-Za-z0-9_-]{1,1024}$/.test(json) || json.length % 4 === 1)
    return mismatch(`${WHAT}: a number of ${AK}`, 'base64url', json)
  return Uint8Array.from(atob(json.replaceAll('-', '+').replaceAll('_', '/')), (letter) =>
    letter.charCodeAt(0),
  )
}

function userDataIn(json: Json): Uint8Array {
  const bytes = typeof json === 'string' ? fromHex(json.toLowerCase(), `${WHAT}.user-data`) : undefined
  if (bytes?.length === USER_DATA_BYTES) return bytes
  return mismatch(`${WHAT}.user-data`, `${USER_DATA_BYTES} bytes in hexadecimal`, json)
}

function objectIn(json: Json, what: string): JsonObject {
  return json instanceof Map ? json : mismatch(what, 'an object', json)
}

/** Settings for a person. Whoever wrote the layer below the guest may write on a person's terminal, so they are tamed. */
function configurationIn(json: Json): RuntimeData['vmConfiguration'] {
  const settings = [...objectIn(json, `${WHAT}.vm-configuration`)].map(([name, value]) => {
    const isPlain = typeof value === 'boolean' || typeof value === 'number'
    return [
      printable(name),
      isPlain ? value : printable(typeof value === 'string' ? value : canonicalJson(value)),
    ]
  })
  return Object.fromEntries(settings)
}

const MAX_TEXT = 256
const printable = (text: string): string => text.slice(0, MAX_TEXT).replace(/[^\x20-\x7e]/g, '?')
