import { VouchError } from '@vouch/protocol'
import { DER_TAG, type Der } from './der.js'

/** Reads the parts of a constructed value in their order: each is asked for once, and none may be left. */
export class Fields {
  private at = 0
  private readonly parts: readonly Der[]
  private readonly what: string

  constructor({ parts }: Der, what: string) {
    this.parts = parts
    this.what = what
  }

  take(tag: number, field: string): Der {
    const part = this.optional(tag)
    if (part !== undefined) return part
    throw malformed(`${this.what} must have its ${field}`)
  }

  optional(tag: number): Der | undefined {
    const part = this.parts[this.at]
    if (part?.tag !== tag) return undefined
    this.at++
    return part
  }

  end(): void {
    if (this.at < this.parts.length) throw malformed(`${this.what} must have no parts but its own`)
  }
}

/** The one value inside an explicit tag. */
export function only({ parts }: Der, tag: number, what: string): Der {
  const [part] = parts
  if (parts.length === 1 && part?.tag === tag) return part
  throw malformed(`${what} must hold one value of its type`)
}

/** A small integer that is not negative. */
export function smallInteger({ content }: Der, what: string): number {
  const [first = 0] = content
  if (content.length > 4 || first >= 0x80) throw malformed(`${what} must be a small number`)
  return content.reduce((value, byte) => value * 256 + byte, 0)
}

/** The bytes of a bit string that has no unused bits. */
export function wholeBytes({ content }: Der, what: string): Uint8Array {
  if (content[0] !== 0) throw malformed(`${what} must be whole bytes`)
  return content.subarray(1)
}

/** An object identifier as people write it. */
export function oidText({ content }: Der): string {
  let text = ''
  let value = 0
  for (let i = 0; i < content.length; i++) {
    const byte = content[i] ?? 0
    value = value * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    const root = Math.min(2, Math.floor(value / 40))
    text += text === '' ? `${root}.${value - 40 * root}` : `.${value}`
    value = 0
  }
  return text
}

/** Seconds since 1970 of a UTCTime (RFC 5280, 4.1.2.5.1: years 1950 to 2049) or a GeneralizedTime. */
export function timeOf({ tag, content }: Der, what: string): number {
  const pair = (at: number): number => ((content[at] ?? 0) - ZERO) * 10 + (content[at + 1] ?? 0) - ZERO
  const isShort = tag === DER_TAG.UTC_TIME
  const at = isShort ? 2 : 4
  if (content.length !== at + 11 || content[at + 10] !== ZULU) throw malformed(`${what} must be a time`)
  const year = isShort ? pair(0) + (pair(0) < 50 ? 2000 : 1900) : pair(0) * 100 + pair(2)
  const [month, day, hour, minute, second] = [
    pair(at),
    pair(at + 2),
    pair(at + 4),
    pair(at + 6),
    pair(at + 8),
  ]
  const time = new Date(0)
  time.setUTCFullYear(year, month - 1, day)
  time.setUTCHours(hour, minute, second)
  // A date that is none, as the 31st of June, is taken for another, and would be a second spelling of that one.
  const exists =
    time.getUTCMonth() === month - 1 && time.getUTCDate() === day && hour < 24 && minute < 60 && second < 60
  if (!exists) throw malformed(`${what} must be a time that exists`)
  return time.getTime() / 1000
}

const ZERO = 0x30
const ZULU = 0x5a

function malformed(rule: string): VouchError {
  return new VouchError('DER_MALFORMED', { rule })
}
