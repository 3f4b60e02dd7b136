import { concat } from '@vouch/protocol'
import { DER_TAG } from '../../core/der/der.js'
import { integer, oid, sequence, value } from '../../core/der/write.js'
import { certificate, commonNamed, extension } from '../../x509/issue/certificates.js'
import type { Issuer } from '../../x509/issue/schemes.js'
import type { Platform } from './types.js'

/** What the certificate of a simulated PCK says. */
export interface PckContent extends Omit<Platform, 'configuration'> {
  readonly spki: Uint8Array
  readonly notBefore: number
  readonly notAfter: number
}

const SGX = '1.2.840.113741.1.13.1'
const octets = (bytes: Uint8Array): Uint8Array => value(DER_TAG.OCTET_STRING, bytes)
const flag = (isSet: boolean): Uint8Array => value(DER_TAG.BOOLEAN, Uint8Array.of(isSet ? 0xff : 0))
const member = (path: string, content: Uint8Array): Uint8Array => sequence(oid(`${SGX}.${path}`), content)

/** Issues the certificate of a PCK, with Intel's extension. */
export function pckCertificate(
  { ppid, svns, pceSvn, cpuSvn, pceId, fmspc, spki, notBefore, notAfter }: PckContent,
  issuer: Issuer,
): Promise<Uint8Array> {
  const platform = sequence(
    member('1', octets(ppid)),
    member(
      '2',
      sequence(
        ...svns.map((svn, i) => member(`2.${i + 1}`, integer(svn))),
        member('2.17', integer(pceSvn)),
        member('2.18', octets(cpuSvn)),
      ),
    ),
    member('3', octets(pceId)),
    member('4', octets(fmspc)),
    member('5', value(DER_TAG.ENUMERATED, Uint8Array.of(1))),
    member('7', sequence(member('7.1', flag(true)), member('7.2', flag(false)), member('7.3', flag(true)))),
  )
  const content = {
    serial: pckSerial(ppid),
    subject: commonNamed('SIMULATED SGX PCK Certificate'),
    notBefore,
    notAfter,
    spki,
    extensions: [extension(SGX, platform)],
  }
  return certificate(content, issuer)
}

/** The serial number of a simulated platform's certificate: the content of its DER integer. */
export const pckSerial = (ppid: Uint8Array): Uint8Array => concat(Uint8Array.of(1), ppid)
