import type { Backend } from '@vouch/circuits'
import { openBackend } from '@vouch/circuits/node'
import {
  clock,
  dateOf,
  fieldHex,
  mergeUnread,
  parseNamedFile,
  parseTime,
  preview,
  type Terminal,
} from '@vouch/host/node'
import {
  type AcceptancePolicy,
  type Failure,
  type Head,
  parseAcceptance,
  parseBundle,
  parseOpening,
  parseRequest,
  sentence,
  toHex,
  VouchError,
} from '@vouch/protocol'
import { undecided, type Verdict, verify } from '@vouch/verifier'
import { readHead } from '@vouch/verifier/node'
import { lateWords } from '../late-head.js'
import { judgeOnChain } from '../on-chain.js'

export interface VerifyOptions {
  readonly request: string
  readonly opening?: string
  readonly accept?: string
  readonly registry?: string
  /** Instead of a registry off chain: the contract that asked, and a server of its chain. */
  readonly rpc?: string
  readonly consumer?: string
  readonly at?: string
  readonly backend: 'auto' | 'native' | 'wasm'
  readonly json?: true
}

/** `bob verify`: reads everything, judges once, says what was checked. */
export async function verifyCommand(
  out: Terminal,
  bundlePath: string,
  options: VerifyOptions,
): Promise<number> {
  const now = options.at === undefined ? clock() : parseTime(options.at)
  const warnings: string[] = []
  const judge = judgeOf(options, (head, acceptance) => warnings.push(...lateWords(head, acceptance, now)))
  const verdict = await withBackend(options.backend, (backend) => judge(bundlePath, now, backend))
  if (options.json) {
    const told = verdictJson(verdict)
    out.data(JSON.stringify(warnings.length === 0 ? told : { ...told, warnings }, null, 2))
  } else {
    sayVerdict(out, verdict)
    for (const warning of warnings) out.words(`bob: warning: ${warning}`)
  }
  return verdict.exit
}

/** Told of the registry's head, and the policy that it counts by. */
type OnHead = (head: Head, acceptance: AcceptancePolicy) => void

type Judge = (bundlePath: string, now: number, backend: Backend) => Promise<Verdict>

/** Who judges: Bob, by his own policy and a registry's head; or a contract, by what its chain says. */
function judgeOf(
  { request, opening, accept, registry, rpc, consumer, at }: VerifyOptions,
  onHead: OnHead,
): Judge {
  if (rpc !== undefined && consumer !== undefined && registry === undefined && at === undefined) {
    return (path, now, backend) =>
      judgeOnChain(path, { request, opening, accept, rpc, consumer }, now, backend)
  }
  if (accept !== undefined && registry !== undefined && rpc === undefined && consumer === undefined) {
    return (path, now, backend) =>
      judgeOffChain(path, { request, opening, accept, registry, onHead }, now, backend)
  }
  throw new VouchError('USAGE', {
    rule: 'either --accept and --registry must be given, or --rpc and --consumer, which judge as of now',
    hint: 'bob verify --help shows both',
  })
}

interface OffChainOptions {
  readonly request: string
  readonly opening: string | undefined
  readonly accept: string
  readonly registry: string
  readonly onHead: OnHead
}

async function judgeOffChain(
  bundlePath: string,
  options: OffChainOptions,
  now: number,
  backend: Backend,
): Promise<Verdict> {
  const errors: VouchError[] = []
  const read = async <T>(reading: Promise<T>): Promise<T | undefined> =>
    reading.catch((error: unknown) => {
      if (!(error instanceof VouchError)) throw error
      errors.push(error)
      return undefined
    })
  const [bundle, request, acceptance, head, opening] = await Promise.all([
    read(parseNamedFile(bundlePath, parseBundle)),
    read(parseNamedFile(options.request, parseRequest)),
    read(parseNamedFile(options.accept, parseAcceptance)),
    read(readHead(options.registry)),
    options.opening === undefined ? undefined : read(parseNamedFile(options.opening, parseOpening)),
  ])
  if (head !== undefined && acceptance !== undefined) options.onHead(head, acceptance)
  const isWhole =
    bundle !== undefined && request !== undefined && acceptance !== undefined && head !== undefined
  return isWhole && errors.length === 0
    ? verify(bundle, { request, acceptance, head, opening, now, backend })
    : undecided(mergeUnread(errors), { bundle, request, acceptance, head, opening }, now, backend)
}

async function withBackend<T>(
  kind: VerifyOptions['backend'],
  use: (backend: Backend) => Promise<T>,
): Promise<T> {
  const backend = openBackend({ kind })
  try {
    return await use(backend)
  } finally {
    await backend.destroy()
  }
}

function verdictJson(verdict: Verdict): object {
  const { accepted, exit, checks } = verdict
  if (!accepted)
    return { verdict: outcomeOf(exit), exit, checks, failures: verdict.failures.map(failureJson) }
  const { payload, digest, asked, time, nullifier, simulated } = verdict.proven
  const proven = {
    payload: toHex(payload),
    digest: toHex(digest),
    ...(asked === undefined ? {} : { asked: toHex(asked) }),
    time,
    nullifier: fieldHex(nullifier),
    simulated,
  }
  return { verdict: 'accepted', exit, checks, proven }
}

/** What one word says: nothing was decided where something could not be read, unless what could be is refused. */
const outcomeOf = (exit: number): string => (exit === 1 || exit === 4 ? 'undecided' : 'refused')

function failureJson({ code, rule, given, hint }: Failure): unknown {
  return { code, rule, given, hint }
}

const MARK = { held: '✓', failed: '✗', 'not checked': '–' } as const

function sayVerdict(out: Terminal, verdict: Verdict): void {
  out.words('bob: these checks were carried out:')
  for (const { rule, outcome } of verdict.checks) out.words(`  ${MARK[outcome]} ${rule}`)
  if (!verdict.accepted) {
    for (const failure of verdict.failures) {
      out.words(`bob: error: ${sentence(failure)} [${failure.code}]`)
      if (failure.hint !== undefined) out.words(`bob: hint: ${failure.hint}`)
    }
    out.data(outcomeOf(verdict.exit))
    return
  }
  const { payload, digest, asked, time, nullifier, simulated } = verdict.proven
  out.data('accepted')
  if (asked !== undefined) out.data(`  asked      ${preview(asked)}`)
  out.data(`  response   ${preview(payload)}`)
  out.data(`  signed at  ${dateOf(time)}, by the service's clock`)
  out.data(`  digest     ${toHex(digest)}`)
  out.data(`  nullifier  ${fieldHex(nullifier)}`)
  if (simulated)
    out.data(
      '  warning    an accepted policy admits simulated evidence: nothing genuine may stand behind this',
    )
}
