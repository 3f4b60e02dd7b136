import { shown, VouchError } from '../errors.js'

/** JSON as Vouch reads it: integers only, objects as maps, so that no member name is special. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export type JsonObject = ReadonlyMap<string, Json>

const MAX_DEPTH = 16

/** Most values in one file. Three bytes of an attacker's text make an object of two hundred: a file of them would fill memory. */
const MAX_VALUES = 16_384

const SPACE = /[ \t\n\r]*/y

/** A string of printable ASCII without escapes: nothing in it has to be decoded. */
const AS_IT_STANDS = /^"[ !#-[\]-~]*"$/

/**
 * Reads JSON strictly. `JSON.parse` keeps the last of two members of one name, reads 1e2 and 1.0 as integers and
 * makes lone surrogates into strings: all ways for one file to mean two things to two readers.
 */
export function parseJson(text: string): Json {
  return new Parser(text).document()
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Decodes UTF-8 without byte order mark; anything else is refused rather than repaired. */
export function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new VouchError('JSON_MALFORMED', { rule: 'a file must be UTF-8 text' })
  }
}

/** Whether a string has no surrogate without its other half, which has no UTF-8. */
export function isWellFormed(text: string): boolean {
  return !/[\ud800-\udfff]/.test(text) || !/\p{Surrogate}/u.test(text)
}

/** The one canonical text of a JSON value: RFC 8785. Member names sort by UTF-16 code units. */
export function canonicalJson(value: Json): string {
  if (value instanceof Map) {
    const members = [...(value as JsonObject)].sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${members.map(([name, member]) => `${canonicalJson(name)}:${canonicalJson(member)}`).join(',')}}`
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (
    typeof value === 'number'
      ? !Number.isSafeInteger(value)
      : typeof value === 'string' && !isWellFormed(value)
  ) {
    throw new VouchError('VALUE_MALFORMED', {
      rule: 'canonical JSON must hold integers below 2^53 and well-formed Unicode',
      given: shown(value),
    })
  }
  return JSON.stringify(value)
}

/** A JSON value as ordinary objects, for `JSON.stringify` and for tools that know no maps. */
export function plain(value: Json): unknown {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([name, member]) => [name, plain(member)]))
  return Array.isArray(value) ? value.map(plain) : value
}

/** An object in JSON from its members. */
export function jsonObject(members: Readonly<Record<string, Json>>): JsonObject {
  return new Map(Object.entries(members))
}

class Parser {
  private at = 0
  private values = 0
  private readonly text: string

  constructor(text: string) {
    this.text = text
  }

  document(): Json {
    this.space()
    const value = this.value(0)
    this.space()
    if (this.at < this.text.length) this.refuse('nothing may follow the JSON value')
    return value
  }

  private value(depth: number): Json {
    if (depth >= MAX_DEPTH && '{['.includes(this.text[this.at] ?? '.'))
      this.refuse(`JSON may nest ${MAX_DEPTH} levels deep`)
    if (++this.values > MAX_VALUES) this.refuse(`JSON may hold ${MAX_VALUES} values`)
    switch (this.text[this.at]) {
      case '{':
        return this.object(depth)
      case '[':
        return this.array(depth)
      case '"':
        return this.string()
      case 't':
        return this.word('true', true)
      case 'f':
        return this.word('false', false)
      case 'n':
        return this.word('null', null)
      default:
        return '-0123456789'.includes(this.text[this.at] ?? '.')
          ? this.integer()
          : this.refuse('a JSON value was expected')
    }
  }

  private object(depth: number): JsonObject {
    const members = new Map<string, Json>()
    this.at++
    this.space()
    if (this.take('}')) return members
    do {
      this.space()
      if (this.text[this.at] !== '"') this.refuse('a member must have a name')
      const name = this.string()
      if (members.has(name)) {
        throw new VouchError('JSON_DUPLICATE_MEMBER', {
          rule: 'a member may appear once',
          given: shown(name),
        })
      }
      this.space()
      if (!this.take(':')) this.refuse('a colon must follow a member name')
      this.space()
      members.set(name, this.value(depth + 1))
      this.space()
    } while (this.take(','))
    if (!this.take('}')) this.refuse('an object must end with a brace')
    return members
  }

  private array(depth: number): Json[] {
    const items: Json[] = []
    this.at++
    this.space()
    if (this.take(']')) return items
    do {
      this.space()
      items.push(this.value(depth + 1))
      this.space()
    } while (this.take(','))
    if (!this.take(']')) this.refuse('an array must end with a bracket')
    return items
  }

  private string(): string {
    const literal = this.text.slice(this.at, this.endOfString())
    if (AS_IT_STANDS.test(literal)) {
      this.at += literal.length
      return literal.slice(1, -1)
    }
    const text = this.attempt(() => JSON.parse(literal) as string, 'a string must hold valid escapes only')
    this.at += literal.length
    if (!isWellFormed(text)) this.refuse('a string must be well-formed Unicode')
    return text
  }

  /** Where the string that starts here ends: behind the first quote that an even number of backslashes precedes. */
  private endOfString(): number {
    for (let quote = this.at; ; ) {
      quote = this.text.indexOf('"', quote + 1)
      if (quote < 0) this.refuse('a string must end with a quote')
      let backslashes = 0
      while (this.text[quote - 1 - backslashes] === '\\') backslashes++
      if (backslashes % 2 === 0) return quote + 1
    }
  }

  private integer(): number {
    const literal = this.match(/-?(?:0|[1-9][0-9]{0,15})(?![0-9.eE])/y)
    const value = Number(literal)
    if (literal === undefined || literal === '-0' || !Number.isSafeInteger(value)) {
      this.refuse('a number must be an integer below 2^53, written plainly')
    }
    return value
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) this.refuse('a JSON value was expected')
    this.at += word.length
    return value
  }

  private space(): void {
    if (this.text.charCodeAt(this.at) > 0x20) return
    SPACE.lastIndex = this.at
    SPACE.test(this.text)
    this.at = SPACE.lastIndex
  }

  private take(letter: string): boolean {
    if (this.text[this.at] !== letter) return false
    this.at++
    return true
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)?.[0]
    if (found !== undefined) this.at += found.length
    return found
  }

  private attempt<T>(read: () => T, rule: string): T {
    try {
      return read()
    } catch {
      return this.refuse(rule)
    }
  }

  private refuse(rule: string): never {
    throw new VouchError('JSON_MALFORMED', {
      rule,
      given: `${shown(this.text.slice(this.at, this.at + 20))} at character ${this.at}`,
    })
  }
}
