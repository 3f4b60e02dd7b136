import { VouchError } from '@vouch/protocol'
import { authenticateAzure } from './azure/authenticate.js'
import { parseAzure } from './azure/parse.js'
import type { Checks } from './checks.js'
import type { CompositeEvidence } from './composite/types.js'
import type { Claims, Evidence } from './evidence.js'
import type { Sorted } from './files.js'
import { KINDS } from './kinds.js'
import { authenticateNitro } from './nitro/authenticate.js'
import { parseNitro } from './nitro/document.js'
import { authenticateDevices, authenticateNvidia, parseNvidia } from './nvidia/authenticate.js'
import { FAINT, type PartName } from './parts.js'
import { authenticateSnp } from './snp/authenticate.js'
import { parseSnp } from './snp/report.js'
import { authenticateTpm } from './tpm/authenticate.js'
import { parseTpm } from './tpm/parse.js'

/** A format of evidence: which parts it is made of, how it is read, and how it is authenticated. */
interface Format<E extends Evidence> {
  /** Whether the parts that are there are evidence of this format. */
  fits(has: (part: PartName) => boolean): boolean
  /** The parts that belong to it. Any other part that is there is evidence of something else. */
  readonly parts: readonly PartName[]
  parse(sorted: Sorted): E
  authenticate(checks: Checks, evidence: E, at: number): Promise<Claims | undefined>
}

/** The one part that comes with evidence of machines of every format. */
const DEVICE: PartName = 'spdm-message'

type Formats = { readonly [Name in Evidence['format']]: Format<Extract<Evidence, { format: Name }>> }

/**
 * Every format; one that is made of others comes before them. Which kind evidence is of, the root decides that its chain
 * leads to.
 */
export const FORMATS: Formats = {
  azure: {
    fits: (has) => has('hcl-report'),
    parts: [
      'hcl-report',
      'runtime-data',
      'snp-report',
      'tpm-attest',
      'tpm-signature',
      'bare-signature',
      'pcr-values',
      'tcg12-event-log',
    ],
    parse: parseAzure,
    authenticate: authenticateAzure,
  },
  snp: {
    fits: (has) => has('snp-report'),
    parts: ['snp-report'],
    parse: parseSnp,
    authenticate: authenticateSnp,
  },
  tpm: {
    fits: (has) => has('tpm-attest'),
    parts: ['tpm-attest', 'tpm-signature', 'tpm-public-area', 'public-key', 'pcr-values', 'tcg12-event-log'],
    parse: parseTpm,
    authenticate: authenticateTpm,
  },
  nitro: {
    fits: (has) => has('nitro-document'),
    parts: ['nitro-document'],
    parse: parseNitro,
    authenticate: authenticateNitro,
  },
  nvidia: {
    fits: (has) => has(DEVICE),
    parts: [DEVICE],
    parse: parseNvidia,
    authenticate: authenticateNvidia,
  },
  composite: {
    fits: () => false, // told by what else came with a device: see parseFormat
    parts: [],
    parse: () => {
      throw new VouchError('INTERNAL', { rule: 'a machine with devices is read by its parts' })
    },
    authenticate: authenticateComposite,
  },
}

/** Evidence, and the names of files that are none after all. */
interface Parsed {
  readonly evidence: Evidence
  readonly ignored: readonly string[]
}

/** Reads evidence out of the parts that were found. */
export function parseFormat(sorted: Sorted): Parsed {
  const found = Object.keys(sorted.parts) as PartName[]
  const isMore = found.some((part) => part !== DEVICE && !FAINT.has(part))
  if (found.includes(DEVICE) && isMore) return parseComposite(sorted)
  const format = Object.values<Format<Evidence>>(FORMATS as never).find(({ fits }) =>
    fits((part) => found.includes(part)),
  )
  if (format === undefined) {
    throw new VouchError('EVIDENCE_MISSING', {
      rule: 'one of the files must be evidence of a kind that is known here',
      hint: `known: ${Object.keys(KINDS).join(', ')}`,
    })
  }
  const strangers = found.filter((part) => !format.parts.includes(part))
  if (strangers.every((part) => FAINT.has(part))) {
    const passedOver = strangers.flatMap((part) => sorted.parts[part] ?? []).map(({ name }) => name)
    return { evidence: format.parse(sorted), ignored: [...sorted.ignored, ...passedOver] }
  }
  throw new VouchError('EVIDENCE_AMBIGUOUS', {
    rule: 'the files must hold evidence of one machine',
    given: found.join(', '),
    hint: 'judge them one after the other',
  })
}

/** A machine with devices: the devices' messages, and evidence of whatever the rest is of. */
function parseComposite({ parts, ...others }: Sorted): Parsed {
  const { [DEVICE]: messages = [], ...rest } = parts
  const { evidence: machine, ignored } = parseFormat({ parts: rest, ...others })
  if (machine.format === 'nvidia' || machine.format === 'composite')
    throw new VouchError('INTERNAL', { rule: 'what is left without devices must be of a machine' })
  const devices = parseNvidia({ parts: { [DEVICE]: messages }, ...others })
  return { evidence: { format: 'composite', machine, devices }, ignored }
}

/** Machine and devices, each by the rules of its format. Whether they belong together, appraisal says. */
async function authenticateComposite(
  checks: Checks,
  { machine, devices }: CompositeEvidence,
  at: number,
): Promise<Claims | undefined> {
  const claims = await authenticateFormat(checks, machine, at)
  const found = await authenticateDevices(checks, devices, at, new Set())
  return claims === undefined || found === undefined ? undefined : { ...claims, devices: found }
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
