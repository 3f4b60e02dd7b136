import { shown, VouchError } from '@vouch/protocol'
import type { Address } from 'viem'

/** An address given as an argument, in any case: how capitals stand in it is a checksum that not everybody writes. */
export function addressArgument(text: string, name: string): Address {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return `0x${text.slice(2).toLowerCase()}`
  throw new VouchError('USAGE', { rule: `${name} must be 0x and 40 hexadecimal digits`, given: shown(text) })
}
