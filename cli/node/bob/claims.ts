import type { Claims } from '@vouch/evidence'
import { toHex } from '@vouch/protocol'

type Shown = string | number | boolean | null | readonly Shown[] | { readonly [name: string]: Shown }

/** What evidence claims, of whatever kind: bytes in hexadecimal, names in snake case, nothing left out. */
export function claimsJson(claims: Claims): Shown {
  return shownOf(claims)
}

/** Claims for a person: one row for each value, by its path. */
export function claimRows(claims: Claims): readonly (readonly string[])[] {
  return rowsOf('', claimsJson(claims))
}

function shownOf(value: unknown): Shown {
  if (value instanceof Uint8Array) return toHex(value)
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(shownOf)
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined)
    return Object.fromEntries(members.map(([name, member]) => [snakeCase(name), shownOf(member)]))
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return null
}

function rowsOf(path: string, value: Shown): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [[`  ${path}`, String(value)]]
  const isList = Array.isArray(value)
  const members = Object.entries(value)
  if (members.length === 0) return [[`  ${path}`, 'none']]
  return members.flatMap(([name, member]) => {
    const step = isList ? `[${name}]` : `${path === '' ? '' : '.'}${name}`
    return rowsOf(`${path}${step}`, member as Shown)
  })
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
