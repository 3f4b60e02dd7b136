import { VouchError } from '@vouch/protocol'
import { DER_TAG, parseDer } from '../../core/der/der.js'
import { smallInteger } from '../../core/der/fields.js'
import type { Certificate } from '../../x509/certificate.js'
import type { EndorsementKey, Tcb } from './types.js'

/** Extensions of VCEK and VLEK certificates: AMD's "VCEK Certificate and KDS Interface Specification" (57230), section 3. */
export const EXTENSION = {
  structVersion: '1.3.6.1.4.1.3704.1.1',
  productName: '1.3.6.1.4.1.3704.1.2',
  blSPL: '1.3.6.1.4.1.3704.1.3.1',
  teeSPL: '1.3.6.1.4.1.3704.1.3.2',
  snpSPL: '1.3.6.1.4.1.3704.1.3.3',
  ucodeSPL: '1.3.6.1.4.1.3704.1.3.8',
  fmcSPL: '1.3.6.1.4.1.3704.1.3.9',
  hwID: '1.3.6.1.4.1.3704.1.4',
  cspID: '1.3.6.1.4.1.3704.1.5',
} as const

/** What a certificate says of the chip, or the cloud, whose key it certifies. */
export interface EndorsementContent {
  readonly type: EndorsementKey
  readonly product: string
  readonly tcb: Tcb
  /** There in a VCEK's certificate alone. */
  readonly hwId?: Uint8Array
}

/** Whether this is the certificate of a VCEK or a VLEK. */
export function isEndorsement({ extensions }: Certificate): boolean {
  return extensions.has(EXTENSION.hwID) || extensions.has(EXTENSION.cspID)
}

export function readEndorsement(certificate: Certificate): EndorsementContent {
  const hwId = certificate.extensions.get(EXTENSION.hwID)?.value
  const level = (name: keyof typeof EXTENSION): number => patchLevel(certificate, name)
  const structVersion = level('structVersion')
  if (structVersion > 1) {
    throw new VouchError('VERSION_UNKNOWN', {
      rule: 'the certificate of a VCEK or VLEK must have structVersion 0 or 1',
      given: `${structVersion}`,
    })
  }
  const content = {
    product: productName(certificate),
    tcb: {
      ...(certificate.extensions.has(EXTENSION.fmcSPL) ? { fmc: level('fmcSPL') } : {}),
      bootloader: level('blSPL'),
      tee: level('teeSPL'),
      snp: level('snpSPL'),
      microcode: level('ucodeSPL'),
    },
  }
  if (hwId === undefined) return { type: 'vlek', ...content }
  if (certificate.extensions.has(EXTENSION.cspID))
    throw malformed('a certificate must name a chip or a cloud, and not both')
  return { type: 'vcek', ...content, hwId: unwrapped(hwId) }
}

/** The hardware id stands in its extension as it is; a key service may also wrap it in an OCTET STRING, as DER would have it. */
function unwrapped(hwId: Uint8Array): Uint8Array {
  const isWrapped =
    hwId[0] === DER_TAG.OCTET_STRING && hwId[1] === hwId.length - 2 && WRAPPED.has(hwId.length)
  return isWrapped ? parseDer(hwId, 'hwID').content : hwId
}

const WRAPPED: ReadonlySet<number> = new Set([8 + 2, 64 + 2])

function patchLevel(certificate: Certificate, name: keyof typeof EXTENSION): number {
  const number = parseDer(contentOf(certificate, name), name)
  const value = number.tag === DER_TAG.INTEGER ? smallInteger(number, name) : Number.NaN
  if (value <= 0xff) return value
  throw malformed(`${name} must be a number of one byte`)
}

function productName(certificate: Certificate): string {
  const text = parseDer(contentOf(certificate, 'productName'), 'productName')
  if (text.tag !== DER_TAG.IA5_STRING) throw malformed('productName must be a string')
  return String.fromCharCode(...text.content)
}

function contentOf(certificate: Certificate, name: keyof typeof EXTENSION): Uint8Array {
  const extension = certificate.extensions.get(EXTENSION[name])
  if (extension !== undefined) return extension.value
  throw malformed(`the certificate of a VCEK or VLEK must have the extension ${name}`)
}

function malformed(rule: string): VouchError {
  return new VouchError('CERTIFICATE_MALFORMED', { rule })
}
