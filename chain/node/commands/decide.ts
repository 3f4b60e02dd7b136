import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openHasher } from '@vouch/circuits'
import {
  bytesArgument,
  dateOf,
  numberArgument,
  parseNamedFile,
  readAll,
  type Terminal,
  table,
  writeWhole,
} from '@vouch/host/node'
import { concat, fromInteger, shown, toInteger, VouchError } from '@vouch/protocol'
import type { Address } from 'viem'
import {
  DECISION_KINDS,
  type Decision,
  type DecisionKind,
  describeDecision,
  isRemoval,
  isRouteChange,
  parseDecision,
  printDecision,
  type SubjectForm,
  subjectForm,
} from '../../src/decision.js'
import { parseEndorsement, printEndorsement } from '../../src/proposal.js'
import { accountOf } from '../client/account.js'
import { addressArgument } from '../client/addresses.js'
import { type Chain, openChain } from '../client/client.js'
import { assertGenuineOrDevelopment } from '../deploy.js'
import { bytesOf } from '../sync/events.js'
import { type LeafPlace, leafPlace } from '../sync/leaf-place.js'
import { signDecision } from '../trust/decision-message.js'
import {
  assertCurrent,
  executeChange,
  isMember,
  leave,
  proposeDecision,
  type Scheduled,
  submitDecision,
} from '../trust/decisions.js'
import { blocksOf, feeLimit } from './options.js'

/** Where the registry is. */
interface Where {
  readonly rpc: string
  readonly contract: string
  readonly maxFee?: string
}

export interface ProposeOptions extends Where {
  readonly reason?: string
  readonly gateway?: string
  readonly verifier?: string
  readonly hours: string
  readonly out: string
}

/** `registrar node propose`: makes the file that operators sign. */
export async function proposeCommand(
  out: Terminal,
  name: string,
  about: string | undefined,
  options: ProposeOptions,
): Promise<number> {
  const kind = kindArgument(name)
  const subject = subjectArgument(subjectForm(kind), about ?? '')
  const given = {
    kind,
    subject,
    ...partsOf(kind, options),
    seconds: 3600 * numberArgument(options.hours, '--hours', { min: 1, max: 720 }),
  }
  const { chain, registry } = await openRegistryAt(options)
  if (kind === 'add_policy') assertGenuineOrDevelopment(chain, [toInteger(subject)])
  const decision = await proposeDecision(chain, registry, given)
  await writeWhole(options.out, `${printDecision(decision)}\n`)
  sayDecision(out, decision)
  out.words(`registrar: wrote ${options.out}: for the operators of the nodes, each of whom signs it or not`)
  return 0
}

/** `registrar node show`: a decision in words. */
export async function showDecisionCommand(out: Terminal, path: string): Promise<number> {
  sayDecision(out, await parseNamedFile(path, parseDecision))
  return 0
}

export interface SignOptions extends Where {
  readonly key?: string
  readonly out: string
}

/** `registrar node sign`: signs a decision, if it is for this registry as it is now, by the key of a member. */
export async function signCommand(out: Terminal, path: string, options: SignOptions): Promise<number> {
  const decision = await parseNamedFile(path, parseDecision)
  const account = await accountOf(options.key)
  const { chain, registry } = await openRegistryAt(options)
  await assertCurrent(chain, registry, decision)
  if (!(await isMember(chain, registry, account.address))) {
    throw new VouchError('SIGNER_NOT_ACCEPTED', {
      rule: 'the key must be that of a trust node of this registry',
      given: account.address,
    })
  }
  await writeWhole(options.out, `${printEndorsement(await signDecision(decision, account))}\n`)
  sayDecision(out, decision)
  out.words(`registrar: signed as ${account.address}, into ${options.out}: for whoever submits it`)
  return 0
}

export interface SubmitOptions extends Where {
  readonly key?: string
  readonly fromBlock?: string
  readonly copy?: string
  readonly json?: true
}

/** `registrar node submit`: has the contract take a decision that enough members signed. */
export async function submitCommand(
  out: Terminal,
  path: string,
  signatures: readonly string[],
  options: SubmitOptions,
): Promise<number> {
  const decision = await parseNamedFile(path, parseDecision)
  const endorsements = await readAll(signatures.map((file) => parseNamedFile(file, parseEndorsement)))
  const account = await accountOf(options.key)
  const { chain, registry } = await openRegistryAt(options)
  await assertCurrent(chain, registry, decision)
  const place = isRemoval(decision.kind) ? await placeOf(chain, registry, decision, options) : undefined
  const scheduled = await submitDecision(chain, account, decision, endorsements, place)
  sayDecision(out, decision)
  saySubmitted(out, decision.kind, scheduled, options)
  return 0
}

export interface ExecuteOptions extends Where {
  readonly key?: string
}

/** `registrar node execute`: carries out a change whose delay has passed. */
export async function executeCommand(
  out: Terminal,
  change: string,
  options: ExecuteOptions,
): Promise<number> {
  const id = numberArgument(change, 'a change', CHANGE_NUMBERS)
  const account = await accountOf(options.key)
  const { chain, registry } = await openRegistryAt(options)
  await executeChange(chain, account, registry, id)
  out.data('in effect')
  return 0
}

export interface LeaveOptions extends Where {
  readonly key?: string
  readonly json?: true
}

/** `registrar node leave`: a member leaves of its own accord. */
export async function leaveCommand(out: Terminal, options: LeaveOptions): Promise<number> {
  const account = await accountOf(options.key)
  const { chain, registry } = await openRegistryAt(options)
  saySubmitted(out, 'remove_member', await leave(chain, account, registry), options)
  return 0
}

function saySubmitted(
  out: Terminal,
  kind: DecisionKind,
  scheduled: Scheduled | undefined,
  { json }: { readonly json?: true },
): void {
  if (json) {
    out.data(JSON.stringify({ decision: kind, change: scheduled?.id, not_before: scheduled?.notBefore }))
  } else if (scheduled !== undefined) {
    out.data(`change ${scheduled.id}, from ${dateOf(scheduled.notBefore)} on`)
    out.words(
      `registrar: anyone may carry it out then, within 14 days: registrar node execute ${scheduled.id}`,
    )
  } else out.data('in effect')
}

const CHANGE_NUMBERS = { min: 1, max: 2 ** 32 - 1 }

async function openRegistryAt({
  rpc,
  contract,
  ...options
}: Where): Promise<{ readonly chain: Chain; readonly registry: Address }> {
  const registry = addressArgument(contract, '--contract')
  return { chain: await openChain(rpc, feeLimit(options)), registry }
}

/** What is signed, read from the file itself. On stderr: it is for the person who decides. */
function sayDecision(out: Terminal, decision: Decision): void {
  out.words(table([...describeDecision(decision), ['until', dateOf(decision.deadline)]]))
}

/** A removal wants the leaf's path as the tree is at this moment. */
async function placeOf(
  chain: Chain,
  registry: Address,
  { subject }: Decision,
  { copy, fromBlock }: SubmitOptions,
): Promise<LeafPlace> {
  const folder = copy ?? (await mkdtemp(join(tmpdir(), 'vouch-copy-')))
  try {
    const parameters = { chain, registry, folder, hash: await openHasher(), ...blocksOf({ fromBlock }) }
    return await leafPlace(parameters, toInteger(subject))
  } finally {
    if (copy === undefined) await rm(folder, { recursive: true, force: true })
  }
}

function kindArgument(text: string): DecisionKind {
  const kind = DECISION_KINDS.find((name) => name.replaceAll('_', '-') === text)
  if (kind !== undefined) return kind
  throw new VouchError('USAGE', {
    rule: 'a decision must be of a kind that there is',
    given: shown(text),
    hint: DECISION_KINDS.map((name) => name.replaceAll('_', '-')).join(', '),
  })
}

function subjectArgument(form: SubjectForm, text: string): Uint8Array {
  switch (form) {
    case 'nothing':
      if (text === '') return new Uint8Array(32)
      throw new VouchError('USAGE', { rule: 'pausing and ending that have no subject', given: shown(text) })
    case 'address':
      return concat(new Uint8Array(12), bytesOf(addressArgument(text, 'the subject')))
    case 'change':
      return fromInteger(BigInt(numberArgument(text, 'a change', CHANGE_NUMBERS)), 32)
    default:
      return bytesArgument(text, `the ${form}`)
  }
}

function partsOf(kind: DecisionKind, { reason, gateway, verifier }: ProposeOptions) {
  if (isRemoval(kind) !== (reason !== undefined)) {
    throw new VouchError('USAGE', { rule: 'a removal, and nothing else, must have a --reason' })
  }
  const isWhole = isRouteChange(kind) ? gateway && verifier : gateway === undefined && verifier === undefined
  if (!isWhole) {
    throw new VouchError('USAGE', { rule: 'a route, and nothing else, must have --gateway and --verifier' })
  }
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(gateway === undefined || verifier === undefined
      ? {}
      : {
          route: {
            gateway: addressArgument(gateway, '--gateway'),
            verifier: addressArgument(verifier, '--verifier'),
          },
        }),
  }
}
