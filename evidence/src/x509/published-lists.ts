import { shown, VouchError } from '@vouch/protocol'
import type { VendorPublished } from '../core/file.js'
import type { Certificate } from './certificate.js'
import { distributionPoints } from './lists.js'

/** Where a vendor keeps its revocation lists. */
interface Place {
  /** The addresses of its lists and of nothing else, in three parts: service, path, and the name of a list at the end of the path. */
  readonly addresses: RegExp
  /** What stands before the name of a list in that of its file. */
  readonly prefix: string
}

/**
 * The lists that certificates say could name them, each once. Certificates that are not judged yet say it, in any words that their
 * maker likes: an address that is none of the vendor's is asked for nothing, as it could be one that only the asker can reach.
 */
export function listsAt(
  certificates: readonly Certificate[],
  { addresses, prefix }: Place,
): readonly VendorPublished[] {
  const lists = certificates.flatMap((certificate): readonly VendorPublished[] => {
    const points = distributionPoints(certificate)
    const [first] = points
    if (first === undefined) return []
    const parts = points.map((point) => addresses.exec(point)).find((found) => found !== null)
    const [, origin, path, file] = parts ?? []
    if (origin === undefined || path === undefined || file === undefined) {
      throw new VouchError('COLLATERAL_MISSING', {
        rule: "the address of a revocation list in a certificate must be one of the vendor's",
        given: shown(first),
        hint: 'give the list of that issuer beside the evidence',
      })
    }
    return [{ origin, path, form: 'revocation list', file: `${prefix}${file}`, constant: false }]
  })
  return lists.filter(({ path }, i) => lists.findIndex((other) => other.path === path) === i)
}
