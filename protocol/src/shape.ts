import { MAX_TIME } from './credential.js'
import { VouchError } from './errors.js'

// Callers without a compiler: what they leave out, or spell in another way, must not skip a check. JavaScript gives undefined
// for a missing member, and a comparison with it is false, whichever way round it is meant.

/** What a value has to be, and how that is said. */
const KINDS = {
  bytes: ['bytes: a Uint8Array', (value: unknown) => Object.prototype.toString.call(value) === BYTES],
  'bytes or null': [
    'bytes: a Uint8Array, or null where none were asked for',
    (value: unknown) => value === null || Object.prototype.toString.call(value) === BYTES,
  ],
  time: [
    'a time: whole seconds since 1970',
    (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MAX_TIME,
  ],
  text: ['a text', (value: unknown) => typeof value === 'string'],
  'text or bytes': [
    'a text, or bytes',
    (value: unknown) => typeof value === 'string' || Object.prototype.toString.call(value) === BYTES,
  ],
  'text or object': [
    'a text, or an object',
    (value: unknown) => typeof value === 'string' || isObject(value),
  ],
  given: ['given', (value: unknown) => value !== undefined && value !== null],
  count: ['a whole number', (value: unknown) => Number.isSafeInteger(value)],
  integer: ['a bigint', (value: unknown) => typeof value === 'bigint'],
  function: ['a function', (value: unknown) => typeof value === 'function'],
  list: ['a list', (value: unknown) => Array.isArray(value)],
  object: ['an object', isObject],
  'list or object': ['a list, or an object', (value: unknown) => Array.isArray(value) || isObject(value)],
} as const

const BYTES = '[object Uint8Array]'

export type Kind = keyof typeof KINDS

type RequiredNames<T> = { [Name in keyof T]-?: object extends Pick<T, Name> ? never : Name }[keyof T]

/** A kind for each member that a caller must give: one that is forgotten here does not compile. */
export type Shape<T> = { readonly [Name in RequiredNames<T> & string]: Kind }

/** Refuses an argument that is missing, or of another kind. `at` is where it stands: "authenticate: at". */
export function assertKind(value: unknown, kind: Kind, at: string): void {
  const [wanted, holds] = KINDS[kind]
  if (holds(value)) return
  throw new VouchError('USAGE', {
    rule: `${at} is ${value === undefined ? 'missing' : nameOf(value)}; it must be ${wanted}`,
  })
}

/** Refuses parameters of which one is missing, or of another kind. What else is there is not looked at. */
export function assertShape<T extends object>(given: T, shape: Shape<T>, at: string): void {
  assertKind(given, 'object', at)
  for (const [name, kind] of Object.entries<Kind>(shape))
    assertKind((given as Readonly<Record<string, unknown>>)[name], kind, `${at}.${name}`)
}

/** The same, and no other members: for what is checked only where it is given, so that a slip in a name would skip it. */
export function assertClosedShape<T extends object>(
  given: T,
  shape: Shape<T>,
  others: Readonly<Record<string, Kind>>,
  at: string,
): void {
  assertShape(given, shape, at)
  for (const [name, value] of Object.entries(given)) {
    const kind = Object.hasOwn(others, name) ? others[name] : undefined
    if (!Object.hasOwn(shape, name) && kind === undefined)
      throw new VouchError('USAGE', {
        rule: `${at}.${name.slice(0, 40)} is not known; known are ${Object.keys({ ...shape, ...others }).join(', ')}`,
      })
    if (kind !== undefined && value !== undefined) assertKind(value, kind, `${at}.${name}`)
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}

/** What somebody gave instead, without its content: it may be a secret. */
function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (ArrayBuffer.isView(value)) return 'bytes'
  return typeof value === 'number'
    ? 'a number'
    : typeof value === 'object'
      ? 'an object'
      : `a ${typeof value}`
}
