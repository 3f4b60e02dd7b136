import { VouchError } from '@vouch/protocol'
import type { Checks } from '../core/checks.js'
import type { Notes } from '../core/notes.js'
import type { CompositeEvidence } from '../tables/composite.js'
import type { Claims, Evidence } from '../tables/evidence.js'
import { KINDS } from '../tables/kinds.js'
import { authenticateAzure } from '../vendors/azure/authenticate.js'
import { parseAzure } from '../vendors/azure/parse.js'
import { authenticateQuote } from '../vendors/dcap/authenticate.js'
import { parseDcap } from '../vendors/dcap/parse.js'
import { authenticateNitro } from '../vendors/nitro/authenticate.js'
import { parseNitro } from '../vendors/nitro/document.js'
import { authenticateDevices, authenticateNvidia, parseNvidia } from '../vendors/nvidia/authenticate.js'
import { isDeviceLeaf } from '../vendors/nvidia/dice.js'
import { authenticateSnp } from '../vendors/snp/authenticate.js'
import { parseSnp } from '../vendors/snp/report.js'
import type { PartName, Sorted } from '../vendors/sorted.js'
import { authenticateTpm } from '../vendors/tpm/authenticate.js'
import { parseTpm } from '../vendors/tpm/parse.js'
import { isIssuer, together } from '../x509/lists.js'
import type { RevocationList } from '../x509/revocation.js'
import { splitChains } from '../x509/split.js'
import { FAINT } from './parts.js'

/** A format of evidence: which parts it is made of, how it is read, and how it is authenticated. */
interface Format<E extends Evidence> {
  /** Whether the parts that are there are evidence of this format. */
  fits(has: (part: PartName) => boolean): boolean
  /** The parts that belong to it. Any other part that is there is evidence of something else. */
  readonly parts: readonly PartName[]
  parse(sorted: Sorted, notes: Notes): E
  authenticate(checks: Checks, evidence: E, at: number): Promise<Claims | undefined>
}

/** The one part that comes with evidence of machines of every format. */
const DEVICE: PartName = 'spdm-message'

/** The logs of what was measured into a TPM. */
const EVENT_LOGS = ['tcg12-event-log', 'event-log'] as const

type Formats = {
  readonly [Name in Exclude<Evidence['format'], 'composite'>]: Format<Extract<Evidence, { format: Name }>>
}

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
      'dcap-quote',
      'tcb-info',
      'qe-identity',
      'tpm-attest',
      'tpm-signature',
      'bare-signature',
      'pcr-values',
      ...EVENT_LOGS,
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
  dcap: {
    fits: (has) => has('dcap-quote'),
    parts: ['dcap-quote', 'tcb-info', 'qe-identity', 'event-log'],
    parse: parseDcap,
    authenticate: authenticateQuote,
  },
  tpm: {
    fits: (has) => has('tpm-attest'),
    parts: ['tpm-attest', 'tpm-signature', 'tpm-public-area', 'public-key', 'pcr-values', ...EVENT_LOGS],
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
}

/** Evidence out of the parts that were found: of a machine, of devices, or of a machine with devices. */
export function parseFormat(sorted: Sorted, notes: Notes): Evidence {
  const { [DEVICE]: messages, ...others } = sorted.parts
  const isComposite =
    messages !== undefined && Object.keys(others).some((part) => !FAINT.has(part as PartName))
  if (!isComposite) return parseOne(sorted, notes)
  const { chains, rest } = splitChains(sorted.certificates, isDeviceLeaf)
  const isOfDevices = (list: RevocationList): boolean => chains.some((issuer) => isIssuer(issuer, list))
  const lists = sorted.revocationLists
  const ofMachine = lists.filter((list) => !isOfDevices(list))
  const machine = parseOne({ parts: others, certificates: rest, revocationLists: ofMachine }, notes)
  if (machine.format === 'nvidia' || machine.format === 'composite')
    throw new VouchError('INTERNAL', { rule: 'what is left without devices must be of a machine' })
  const parts = { [DEVICE]: messages }
  const devices = notes.read(() =>
    parseNvidia({ parts, certificates: chains, revocationLists: lists.filter(isOfDevices) }),
  )
  return devices === undefined ? machine : { format: 'composite', machine, devices }
}

function parseOne(sorted: Sorted, notes: Notes): Evidence {
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
  const strangers = found.filter((part) => !format.parts.includes(part))
  if (strangers.every((part) => FAINT.has(part))) {
    notes.passOver(strangers.flatMap((part) => sorted.parts[part] ?? []))
    return format.parse(sorted, notes)
  }
  throw new VouchError('EVIDENCE_AMBIGUOUS', {
    rule: 'the files must hold evidence of one machine',
    given: found.join(', '),
    hint: 'judge them one after the other',
  })
}

/** Machine and devices, each by the rules of its format. Whether they belong together, appraisal says. */
async function authenticateComposite(
  checks: Checks,
  { machine, devices }: CompositeEvidence,
  at: number,
): Promise<Claims | undefined> {
  const claims = await authenticateFormat(checks, machine, at)
  const found = await authenticateDevices(checks, devices, at)
  if (claims === undefined || found === undefined) return undefined
  return { ...claims, ...found, collateral: together([claims.collateral, found.collateral]) }
}

/** Authenticates evidence by the rules of its format. */
export function authenticateFormat(
  checks: Checks,
  evidence: Evidence,
  at: number,
): Promise<Claims | undefined> {
  if (evidence.format === 'composite') return authenticateComposite(checks, evidence, at)
  // The table pairs each format's name with its own type of evidence, which the compiler cannot follow through a lookup.
  const format = FORMATS[evidence.format] as Format<Evidence>
  return format.authenticate(checks, evidence, at)
}
