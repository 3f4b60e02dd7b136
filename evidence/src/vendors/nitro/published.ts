import type { VendorPublished } from '../../core/file.js'
import { parseCertificate } from '../../x509/certificate.js'
import { listsAt } from '../../x509/published-lists.js'
import { certificatesIn } from './document.js'
import type { NitroEvidence } from './types.js'

/** AWS keeps the root's list in one bucket, and those of a region's authorities in one of the region. */
const ADDRESSES =
  /^(https?:\/\/(?:aws-nitro-enclaves-crl\.s3|crl-[a-z0-9-]+-aws-nitro-enclaves\.s3\.[a-z0-9-]+)\.amazonaws\.com)(\/crl\/([0-9A-Za-z-]+\.crl))$/

/** The lists of the root and of the region's authority: those that a document's certificates name. */
export function publishedForNitro({ signed }: NitroEvidence): readonly (readonly VendorPublished[])[] {
  const certificates = certificatesIn(signed.document).map(parseCertificate)
  return [listsAt(certificates, { addresses: ADDRESSES, prefix: 'nitro-' })]
}
