import { DER_TAG, parseDer } from '../core/der/der.js'
import type { Certificate } from './certificate.js'

export const KEY_USAGE = '2.5.29.15'

/** What a key may be used for: bits of the first byte of keyUsage (RFC 5280, 4.2.1.3). */
export const USE = { DIGITAL_SIGNATURE: 0x80, CERTIFICATE_SIGN: 0x04, LIST_SIGN: 0x02 } as const

/** Whether a certificate says that its key may be used for this. One that says nothing of use does not. */
export function mayUse({ extensions }: Certificate, use: (typeof USE)[keyof typeof USE]): boolean {
  const usage = extensions.get(KEY_USAGE)?.value
  if (usage === undefined) return false
  const { tag, content } = parseDer(usage, 'keyUsage')
  return tag === DER_TAG.BIT_STRING && ((content[1] ?? 0) & use) !== 0
}
