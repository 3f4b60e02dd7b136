import { type Checks, VouchError } from '@vouch/protocol'
import type { VendorPublished } from '../core/file.js'
import type { Notes } from '../core/notes.js'
import type { Tables } from '../tables/tables.js'
import type { Claims, CompositeEvidence, Evidence, KindName, OneEvidence } from '../tables/vendors.js'
import type { Slot } from '../vendors/claims.js'
import { authenticateDevices, parseNvidia } from '../vendors/nvidia/authenticate.js'
import { isDeviceLeaf } from '../vendors/nvidia/dice.js'
import { publishedForNvidia } from '../vendors/nvidia/published.js'
import type { Sorted } from '../vendors/sorted.js'
import type { Format } from '../vendors/vendor.js'
import { isIssuer, together } from '../x509/lists.js'
import type { RevocationList } from '../x509/revocation.js'
import { splitChains } from '../x509/split.js'
import { isFaint, unlessRefused } from './parts.js'

// What is made of parts: evidence of one format, or of a machine with devices. Which kind evidence is of, the root decides that its
// chain leads to.

/** The one part that comes with evidence of machines of every format. */
const DEVICE = 'spdm-message'

/** Evidence out of the parts that were found: of a machine, of devices, or of a machine with devices. */
export function parseFormat(tables: Tables, sorted: Sorted, notes: Notes): Evidence {
  const { [DEVICE]: messages, ...others } = sorted.parts
  const isComposite = messages !== undefined && Object.keys(others).some((part) => !isFaint(tables, part))
  if (!isComposite) return parseOne(tables, sorted, notes)
  const { chains, rest } = splitChains(sorted.certificates, isDeviceLeaf)
  const isOfDevices = (list: RevocationList): boolean => chains.some((issuer) => isIssuer(issuer, list))
  const lists = sorted.revocationLists
  const ofMachine = lists.filter((list) => !isOfDevices(list))
  const machine = parseOne(tables, { parts: others, certificates: rest, revocationLists: ofMachine }, notes)
  if (machine.format === 'nvidia')
    throw new VouchError('INTERNAL', { rule: 'what is left without devices must be of a machine' })
  const parts = { [DEVICE]: messages }
  const devices = notes.read(() =>
    parseNvidia({ parts, certificates: chains, revocationLists: lists.filter(isOfDevices) }),
  )
  return devices === undefined ? machine : { format: 'composite', machine, devices }
}

/** The format whose main part is there, with no part that is evidence of something else. */
function parseOne(tables: Tables, sorted: Sorted, notes: Notes): OneEvidence {
  const found = Object.keys(sorted.parts)
  const fitting = [...tables.formats.values()].filter(({ main }) => found.includes(main))
  if (fitting.length === 0) {
    throw new VouchError('EVIDENCE_MISSING', {
      rule: 'one of the files must be evidence of a kind that is known here',
      hint: `known: ${[...tables.kinds.keys()].join(', ')}`,
    })
  }
  const strangersTo = ({ main, beside }: Format): readonly string[] =>
    found.filter((part) => part !== main && !beside.includes(part))
  // A format that is made of others has their parts beside its own.
  const format = fitting.find((one) => strangersTo(one).every((part) => isFaint(tables, part)))
  if (format === undefined)
    throw new VouchError('EVIDENCE_AMBIGUOUS', {
      rule: 'the files must hold evidence of one machine',
      given: found.join(', '),
      hint: 'judge them one after the other',
    })
  notes.passOver(strangersTo(format).flatMap((part) => sorted.parts[part] ?? []))
  return format.parse(sorted, notes) as OneEvidence
}

/** The format of evidence. Its evidence and claims are its own, which the compiler cannot follow through a lookup. */
function formatOf({ formats }: Tables, { format: name }: OneEvidence): Format<OneEvidence, Claims> {
  const format = formats.get(name)
  if (format !== undefined) return format as Format<OneEvidence, Claims>
  throw new VouchError('INTERNAL', { rule: 'evidence must be of a format that is known here', given: name })
}

/** Authenticates evidence by the rules of its format. */
export async function authenticateFormat(
  tables: Tables,
  checks: Checks,
  evidence: Evidence,
  at: number,
): Promise<Claims | undefined> {
  if (evidence.format === 'composite') return authenticateComposite(tables, checks, evidence, at)
  return formatOf(tables, evidence).authenticate(checks, evidence, at)
}

/** Machine and devices, each by the rules of its format. Whether they belong together, appraisal says. */
async function authenticateComposite(
  tables: Tables,
  checks: Checks,
  { machine, devices }: CompositeEvidence,
  at: number,
): Promise<Claims | undefined> {
  const claims = await authenticateFormat(tables, checks, machine, at)
  const found = await authenticateDevices(checks, devices, at)
  if (claims === undefined || found === undefined) return undefined
  return { ...claims, ...found, collateral: together([claims.collateral, found.collateral]) }
}

/** The slots of evidence that may yet turn out to be false, or to be undecided. */
export function slotsOf(tables: Tables, evidence: Evidence): readonly Slot[] {
  if (evidence.format === 'composite') return slotsOf(tables, evidence.machine)
  return formatOf(tables, evidence).slots(evidence)
}

/** What kind of evidence this is meant as. */
export function purportedIn(tables: Tables, evidence: Evidence): KindName {
  if (evidence.format === 'composite') return purportedIn(tables, evidence.machine)
  return formatOf(tables, evidence).purported(evidence)
}

/** What there is to fetch for evidence, in one way or in several. */
export function publishedIn(tables: Tables, evidence: Evidence): readonly (readonly VendorPublished[])[] {
  if (evidence.format !== 'composite') return formatOf(tables, evidence).published(evidence)
  const lists = publishedForNvidia(evidence.devices)
  return publishedIn(tables, evidence.machine).map((way) => [...way, ...lists])
}

/** Whether bytes are what a vendor publishes in this form. Whether it is for this machine, judging will tell. */
export function isPublishedIn({ forms }: Tables, form: string, bytes: Uint8Array): boolean {
  return unlessRefused(() => forms.get(form)?.(bytes)) !== undefined
}
