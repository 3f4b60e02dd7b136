import type { VendorPublished } from '../../core/file.js'
import { listsAt } from '../../x509/published-lists.js'
import type { NvidiaEvidence } from './types.js'

const ADDRESSES = /^(https?:\/\/crl\.ndis\.nvidia\.com)(\/crl\/([0-9A-Za-z-]+\.crl))$/

/** The lists of the root and of each product's authority: those that the devices' certificates name. */
export const publishedForNvidia = ({ certificates }: NvidiaEvidence): readonly VendorPublished[] =>
  listsAt(certificates, { addresses: ADDRESSES, prefix: 'nvidia-' })
