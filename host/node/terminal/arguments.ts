import { assertField, assertLength, fromHex, shown, toInteger, VouchError } from '@vouch/protocol'

/** 32 bytes given as an argument. */
export function bytesArgument(text: string, name: string, length = 32): Uint8Array {
  try {
    return assertLength(fromHex(text, name), length, name)
  } catch (error) {
    throw error instanceof VouchError ? new VouchError('USAGE', error) : error
  }
}

/** A field element given as an argument. */
export function fieldArgument(text: string, name: string): bigint {
  try {
    return assertField(toInteger(bytesArgument(text, name)), name)
  } catch (error) {
    throw error instanceof VouchError ? new VouchError('USAGE', error) : error
  }
}

/** A whole number given as an argument. */
export function numberArgument(
  text: string,
  name: string,
  { min, max }: { min: number; max: number },
): number {
  const number = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (number >= min && number <= max) return number
  throw new VouchError('USAGE', { rule: `${name} must be ${min} to ${max}`, given: shown(text) })
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

/** A length of time given as an argument, in seconds: 300, 300s, 5m or 1h. */
export function durationArgument(
  text: string,
  name: string,
  { min, max }: { min: number; max: number },
): number {
  const [, digits = '', unit = 's'] = /^([0-9]{1,6})([smh]?)$/.exec(text) ?? []
  const seconds = digits === '' ? Number.NaN : Number(digits) * (UNITS[unit === '' ? 's' : unit] ?? 1)
  if (seconds >= min && seconds <= max) return seconds
  throw new VouchError('USAGE', {
    rule: `${name} must be ${min} s to ${max} s`,
    given: shown(text),
    hint: 'for example 300s, 5m or 1h',
  })
}
