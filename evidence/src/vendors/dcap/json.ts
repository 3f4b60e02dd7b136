import { fromHex, type Json, type JsonObject, shown, VouchError } from '@vouch/protocol'

/**
 * Reads members of a JSON object of Intel's. Members that nobody asks for are let be: Intel adds some without another
 * version, and signs them all.
 */
export class Members {
  private readonly members: JsonObject
  private readonly what: string

  constructor(json: Json, what: string) {
    if (!(json instanceof Map)) throw malformed(`${what} must be an object`)
    this.members = json as JsonObject
    this.what = what
  }

  has(name: string): boolean {
    return this.members.has(name)
  }

  object(name: string): Members {
    return new Members(this.get(name), `${this.what}.${name}`)
  }

  objects(name: string): readonly Members[] {
    return this.list(name).map((item, i) => new Members(item, `${this.what}.${name}[${i}]`))
  }

  /** Texts of a list that may be left out. */
  texts(name: string, pattern: RegExp): readonly string[] {
    return this.has(name) ? this.list(name).map((item) => this.matching(name, item, pattern)) : []
  }

  text(name: string, pattern: RegExp): string {
    return this.matching(name, this.get(name), pattern)
  }

  oneOf<T extends string>(name: string, known: readonly T[]): T {
    const value = this.get(name)
    const found = known.find((candidate) => candidate === value)
    if (found !== undefined) return found
    throw malformed(`${this.what}.${name} must be one of ${known.join(', ')}`, value)
  }

  number(name: string, max: number): number {
    const value = this.get(name)
    if (typeof value === 'number' && value >= 0 && value <= max) return value
    throw malformed(`${this.what}.${name} must be a number up to ${max}`, value)
  }

  /** Hexadecimal of one length. Intel writes it in either case. */
  hex(name: string, size: number): Uint8Array {
    const text = this.text(name, /^([0-9a-fA-F]{2})+$/)
    if (text.length === 2 * size) return fromHex(text.toLowerCase())
    throw malformed(`${this.what}.${name} must have ${size} bytes`, text)
  }

  /** A time in whole seconds UTC, as seconds since 1970. */
  time(name: string): number {
    const text = this.text(name, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const milliseconds = Date.parse(text)
    // Date.parse takes the 31st of June for the 1st of July.
    if (!Number.isNaN(milliseconds) && new Date(milliseconds).toISOString() === text.replace('Z', '.000Z'))
      return milliseconds / 1000
    throw malformed(`${this.what}.${name} must be a time that exists`, text)
  }

  private list(name: string): readonly Json[] {
    const value = this.get(name)
    if (Array.isArray(value)) return value
    throw malformed(`${this.what}.${name} must be a list`)
  }

  private matching(name: string, value: Json, pattern: RegExp): string {
    if (typeof value === 'string' && pattern.test(value)) return value
    throw malformed(`${this.what}.${name} must be a text like ${pattern.source}`, value)
  }

  private get(name: string): Json {
    const value = this.members.get(name)
    if (value !== undefined) return value
    throw new VouchError('MEMBER_MISSING', { rule: `${this.what} must have the member ${name}` })
  }
}

function malformed(rule: string, given?: Json): VouchError {
  const isPlain = typeof given === 'string' || typeof given === 'number'
  return new VouchError('VALUE_MALFORMED', isPlain ? { rule, given: shown(given) } : { rule })
}
