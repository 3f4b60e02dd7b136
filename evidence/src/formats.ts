import { VouchError } from '@vouch/protocol'
import type { Checks } from './checks.js'
import { authenticateQuote } from './dcap/authenticate.js'
import { parseDcap } from './dcap/parse.js'
import type { Claims, Evidence } from './evidence.js'
import type { Sorted } from './files.js'
import { KINDS } from './kinds.js'
import type { PartName } from './parts.js'
import { authenticateSnp } from './snp/authenticate.js'
import { parseSnp } from './snp/report.js'

/** A format of evidence: which parts it is made of, how it is read, and how it is authenticated. */
interface Format<E extends Evidence> {
  /** Whether the parts that are there are evidence of this format. */
  fits(has: (part: PartName) => boolean): boolean
  /** The parts that belong to it. Any other part that is there is evidence of something else. */
  readonly parts: readonly PartName[]
  parse(sorted: Sorted): E
  authenticate(checks: Checks, evidence: E, at: number): Promise<Claims | undefined>
}

type Formats = { readonly [Name in Evidence['format']]: Format<Extract<Evidence, { format: Name }>> }

/**
 * Every format; one that is made of others comes before them. Which kind evidence is of, the root decides that its chain
 * leads to.
 */
export const FORMATS: Formats = {
  snp: {
    fits: (has) => has('snp-report'),
    parts: ['snp-report'],
    parse: parseSnp,
    authenticate: authenticateSnp,
  },
  dcap: {
    fits: (has) => has('dcap-quote'),
    parts: ['dcap-quote', 'tcb-info', 'qe-identity', 'event-log'],
    parse: parseDcap,
    authenticate: authenticateQuote,
  },
}

/** Reads evidence out of the parts that were found. */
export function parseFormat(sorted: Sorted): Evidence {
  const found = Object.keys(sorted.parts) as PartName[]
  const format = Object.values<Format<Evidence>>(FORMATS as never).find(({ fits }) =>
    fits((part) => found.includes(part)),
  )
  if (format === undefined) {
    throw new VouchError('EVIDENCE_MISSING', {
      rule: 'one of the files must be evidence of a kind that is known here',
      hint: `known: ${Object.keys(KINDS).join(', ')}`,
    })
  }
  const stranger = found.find((part) => !format.parts.includes(part))
  if (stranger === undefined) return format.parse(sorted)
  throw new VouchError('EVIDENCE_AMBIGUOUS', {
    rule: 'the files must hold evidence of one machine',
    given: found.join(', '),
    hint: 'judge them one after the other',
  })
}

/** Authenticates evidence by the rules of its format. */
export function authenticateFormat(
  checks: Checks,
  evidence: Evidence,
  at: number,
): Promise<Claims | undefined> {
  // The table pairs each format's name with its own type of evidence, which the compiler cannot follow through a lookup.
  const format = FORMATS[evidence.format] as Format<Evidence>
  return format.authenticate(checks, evidence, at)
}
