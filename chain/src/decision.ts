import { MAX_TIME, P, shown, toHex, toInteger, VouchError } from '@vouch/protocol'
import {
  type Codec,
  fixedBytes,
  oneOf,
  optional,
  optionalBytes,
  parseFile,
  printFile,
  record,
  text,
  uint,
  version,
} from '@vouch/protocol/codec'

/** Changes of members, policies and anchors, and pauses: in the order of the contract's own numbers. */
export const CHANGES = [
  'add_member',
  'remove_member',
  'clear_strikes',
  'add_policy',
  'retire_policy',
  'add_anchor',
  'retire_anchor',
  'pause',
  'unpause',
  'cancel',
] as const

/** The second strikes whoever signed for the admission. */
export const REMOVALS = ['remove', 'remove_for_cause'] as const

/** What becomes of a circuit's verifier at a gateway: in the order of its own numbers. */
export const ROUTE_CHANGES = ['add_route', 'disable_route', 'enable_route', 'freeze_route'] as const

export const DECISION_KINDS = [...CHANGES, ...REMOVALS, ...ROUTE_CHANGES] as const
export type DecisionKind = (typeof DECISION_KINDS)[number]

/**
 * What trust nodes decide by quorum, besides admissions. It goes from operator to operator as a file, and each signs it or
 * not: nobody has to believe whoever it came from, since all that is signed is in it.
 */
export interface Decision {
  readonly version: 1
  readonly chainId: number
  readonly registry: Uint8Array
  readonly kind: DecisionKind
  /** Whom or what it is about, 32 bytes; an address or a number stands at their end. */
  readonly subject: Uint8Array
  /** Of removals: why. Its hash goes on chain. */
  readonly reason?: string
  /** Of routes: at which gateway, and to which verifier. */
  readonly gateway?: Uint8Array
  readonly verifier?: Uint8Array
  /** Of all but removals: each number counts once. */
  readonly sequence?: number
  /** Signatures count until then. */
  readonly deadline: number
  readonly setVersion: number
}

const numbers = Object.fromEntries(DECISION_KINDS.map((kind, i) => [kind, i + 1]))
const number = uint(8, { max: Number.MAX_SAFE_INTEGER })

export const decisionCodec: Codec<Decision> = record<Decision>({
  version: version(1),
  chainId: number,
  registry: fixedBytes(20),
  kind: oneOf(numbers as Record<DecisionKind, number>),
  subject: fixedBytes(32),
  reason: optional(text(200)),
  gateway: optionalBytes(20),
  verifier: optionalBytes(20),
  sequence: optional(number),
  deadline: uint(8, { max: MAX_TIME }),
  setVersion: uint(4, { max: 2 ** 32 - 1 }),
})

export function parseDecision(file: string | Uint8Array): Decision {
  const decision = parseFile(decisionCodec, file, 'decision')
  assertWhole(decision)
  return decision
}

export function printDecision(decision: Decision): string {
  assertWhole(decision)
  return printFile(decisionCodec, decision, 'decision')
}

export type SubjectForm = 'address' | 'policy' | 'anchor' | 'change' | 'credential' | 'circuit' | 'nothing'

const SUBJECTS: Readonly<Record<DecisionKind, SubjectForm>> = {
  add_member: 'address',
  remove_member: 'address',
  clear_strikes: 'address',
  add_policy: 'policy',
  retire_policy: 'policy',
  add_anchor: 'anchor',
  retire_anchor: 'anchor',
  pause: 'nothing',
  unpause: 'nothing',
  cancel: 'change',
  remove: 'credential',
  remove_for_cause: 'credential',
  add_route: 'circuit',
  disable_route: 'circuit',
  enable_route: 'circuit',
  freeze_route: 'circuit',
}

export const subjectForm = (kind: DecisionKind): SubjectForm => SUBJECTS[kind]

const LIMITS: Readonly<Record<SubjectForm, bigint>> = {
  address: 2n ** 160n,
  policy: 2n ** 249n,
  anchor: 2n ** 256n,
  change: BigInt(Number.MAX_SAFE_INTEGER),
  credential: P,
  circuit: 2n ** 256n,
  nothing: 1n,
}

const isOneOf = <Kind extends DecisionKind>(kinds: readonly Kind[], kind: DecisionKind): kind is Kind =>
  (kinds as readonly DecisionKind[]).includes(kind)

export const isRemoval = (kind: DecisionKind) => isOneOf(REMOVALS, kind)
export const isRouteChange = (kind: DecisionKind) => isOneOf(ROUTE_CHANGES, kind)

/** What a decision says, in words: whoever signs it reads this, and nothing that its sender wrote around it. */
export function describeDecision({
  kind,
  subject,
  ...decision
}: Decision): readonly (readonly [string, string])[] {
  const { registry, chainId, gateway, verifier, reason, sequence, setVersion } = decision
  const rows: (readonly [string, string | undefined])[] = [
    ['decision', `${kind.replaceAll('_', ' ')} ${shownSubject(kind, subject)}`.trim()],
    ['verifier', verifier && `0x${toHex(verifier)}`],
    ['reason', reason],
    ['registry', `0x${toHex(registry)} on chain ${chainId}`],
    ['gateway', gateway && `0x${toHex(gateway)}`],
    ['number', sequence === undefined ? undefined : String(sequence)],
    ['members', `version ${setVersion} of the set`],
  ]
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
}

function shownSubject(kind: DecisionKind, subject: Uint8Array): string {
  switch (SUBJECTS[kind]) {
    case 'nothing':
      return ''
    case 'address':
      return `0x${toHex(subject.subarray(12))}`
    case 'change':
      return String(toInteger(subject))
    default:
      return toHex(subject)
  }
}

/** Refuses a decision that lacks what its kind has, or has what it lacks: nobody should sign what they do not read. */
function assertWhole(decision: Decision): void {
  const { kind, subject } = decision
  const own: readonly (keyof Decision)[] = isRemoval(kind)
    ? ['reason']
    : isRouteChange(kind)
      ? ['gateway', 'verifier', 'sequence']
      : ['sequence']
  for (const member of ['reason', 'gateway', 'verifier', 'sequence'] as const) {
    const isThere = decision[member] !== undefined
    if (isThere === own.includes(member)) continue
    throw new VouchError(isThere ? 'MEMBER_UNKNOWN' : 'MEMBER_MISSING', {
      rule: `a decision to ${kind} must have ${own.join(', ')} of the members that only some have`,
      given: member,
    })
  }
  const form = SUBJECTS[kind]
  const value = toInteger(subject)
  if (value < LIMITS[form] && value > 0n === (form !== 'nothing')) return
  throw new VouchError('VALUE_OUT_OF_RANGE', {
    rule: `the subject of a decision to ${kind} must be ${form === 'nothing' ? 'zero' : `one (${form})`}`,
    given: shown(toHex(subject)),
  })
}
