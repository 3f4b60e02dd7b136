import { equalBytes } from '@vouch/protocol'
import { parseDer } from '../core/der/der.js'
import type { Notes } from '../core/notes.js'
import type { Sorted } from '../vendors/sorted.js'
import { commonNameIn } from '../x509/certificate.js'
import { mayConcern } from '../x509/lists.js'
import type { RevocationList } from '../x509/revocation.js'

/**
 * Passes over revocation lists in whose name no given certificate is: they say nothing of this evidence, are named with the files
 * that changed nothing, and count for no policy that requires lists.
 */
export function withoutStrangers(given: Sorted, notes: Notes): Sorted {
  const strangers = given.revocationLists.filter((list) => !mayConcern(list, given.certificates))
  if (strangers.length === 0) return given
  notes.ignored.push(...strangers.flatMap((list) => namesOf(list, notes)))
  return { ...given, revocationLists: given.revocationLists.filter((list) => !strangers.includes(list)) }
}

/** What the files are called that hold a list, and which of its contents is meant where it holds more. */
function namesOf(list: RevocationList, { blocks }: Notes): readonly string[] {
  return blocks.flatMap(({ name, found }) => {
    if (!found.some(({ der }) => equalBytes(der.subarray(0, list.der.length), list.der))) return []
    const issuer = commonNameIn(parseDer(list.issuer, 'issuer'))
    return [found.length === 1 ? name : `${name}: the revocation list of ${issuer}`]
  })
}
