import { VouchError } from '@vouch/protocol'
import { pemBlocks } from '../core/pem.js'
import { parseQeIdentity, parseTcbInfo } from '../vendors/dcap/documents.js'
import { publishedForDcap } from '../vendors/dcap/published.js'
import { publishedForNitro } from '../vendors/nitro/published.js'
import { publishedForNvidia } from '../vendors/nvidia/published.js'
import { publishedForSnp } from '../vendors/snp/published.js'
import { parseCertificate } from '../x509/certificate.js'
import { parseRevocationList } from '../x509/revocation.js'
import type { Evidence } from './evidence.js'

// What vendors publish of a machine, for whoever fetches it: nothing here has a network.

/** What an answer must be to be of any use. Whether it is for this machine, judging will tell. */
const FORMS = {
  certificate: (bytes: Uint8Array) => {
    parseCertificate(bytes)
    return true
  },
  certificates: (bytes: Uint8Array) => {
    const blocks = pemBlocks(bytes)
    for (const { der } of blocks) parseCertificate(der)
    return blocks.length > 0
  },
  'revocation list': (bytes: Uint8Array) => {
    parseRevocationList(bytes)
    return true
  },
  'TCB info': (bytes: Uint8Array) => {
    parseTcbInfo(bytes)
    return true
  },
  'identity of the quoting enclave': (bytes: Uint8Array) => {
    parseQeIdentity(bytes)
    return true
  },
} as const satisfies Readonly<Record<string, (bytes: Uint8Array) => boolean>>

export type PublishedForm = keyof typeof FORMS

/** Whether bytes are what a vendor publishes in this form. */
export function isPublished(form: PublishedForm, bytes: Uint8Array): boolean {
  try {
    return FORMS[form](bytes)
  } catch (error) {
    if (error instanceof VouchError) return false
    throw error
  }
}

/** One answer of a vendor's service. */
export interface Published {
  /** The address that the path is below. */
  readonly origin: string
  readonly path: string
  readonly form: PublishedForm
  /** What the file is called that the answer goes into. */
  readonly file: string
  /** Where the answer's headers have the certificates of whoever signed it, and what file they go into. */
  readonly issuers?: { readonly headers: readonly string[]; readonly file: string }
  /** Whether the answer is the same for ever. What is renewed must not be kept. */
  readonly constant: boolean
}

/**
 * What there is to fetch for evidence, in one way or in several: where the evidence does not say which product it is of, the
 * vendor knows the machine under one of them.
 */
export function publishedFor(evidence: Evidence): readonly (readonly Published[])[] {
  switch (evidence.format) {
    case 'snp':
      return publishedForSnp(evidence)
    case 'dcap':
      return publishedForDcap(evidence)
    case 'azure':
      return publishedFor(evidence.hardware)
    case 'composite': {
      const lists = publishedForNvidia(evidence.devices)
      return publishedFor(evidence.machine).map((way) => [...way, ...lists])
    }
    case 'nitro':
      return publishedForNitro(evidence)
    case 'nvidia':
      return [publishedForNvidia(evidence)]
    case 'tpm':
      return [[]]
  }
}
