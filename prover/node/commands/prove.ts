import { readAdmissionPolicy } from '@vouch/evidence/node'
import {
  type Answer,
  parseRequest,
  printBundle,
  printRequest,
  type Request,
  sentence,
  toHex,
  VouchError,
} from '@vouch/protocol'
import {
  assertWritable,
  bytesArgument,
  dateOf,
  fieldHex,
  numberArgument,
  parseNamedFile,
  preview,
  readAll,
  readNamedFile,
  type Terminal,
  table,
  writeWhole,
} from '@vouch/protocol/node'
import type { Answered, Asked, Credential, ProveStage } from '../../src/index.js'
import { type OnChain, requestOfContract } from '../chain-source.js'
import type { Alice, ProveOptions } from '../open-alice.js'
import { progress } from '../progress.js'
import { type ChainCommandOptions, chainReading, needed, onChainNamed } from './enroll.js'

export interface ProveCommandOptions extends ChainCommandOptions {
  readonly request: string
  readonly credential: string
  readonly out: string
  readonly registry?: string
  readonly consumer?: string
  readonly beneficiary?: string
  readonly policy?: readonly string[]
  readonly agent?: string
  readonly service?: string
  readonly message?: string
  readonly envelope?: string
  readonly signature?: string
  readonly minSet?: string
  readonly allowOneService?: true
  readonly allowContext?: string
  readonly again?: true
  readonly json?: true
}

const STAGES: Readonly<Record<ProveStage, string>> = {
  registry: 'reading the registry',
  service: 'asking the service, and checking what it signed',
  proof: 'proving',
}

/** `alice prove`: shows what a Request asks for, answers it or says what speaks against it. Writes a bundle or nothing. */
export async function proveCommand(
  out: Terminal,
  alice: Alice,
  options: ProveCommandOptions,
): Promise<number> {
  const answer = responseOf(options)
  // A bundle that cannot be written is an answer lost: its scope is used, and a service asked anew would sign another.
  await assertWritable(options.out)
  const credential = await alice.home.credential(options.credential)
  const { request, onChain } = await requestNamed(out, alice, credential, options)
  const { begin, end } = progress(out, STAGES)
  const given: ProveOptions = {
    credential,
    registry: options.registry,
    onChain,
    documents: await readAll((options.policy ?? []).map(readAdmissionPolicy)),
    caution: {
      ...(options.minSet === undefined
        ? {}
        : { minimumSet: numberArgument(options.minSet, '--min-set', { min: 1, max: 2 ** 20 }) }),
      ...(options.allowOneService ? { minimumServices: 1 } : {}),
    },
    agreement: {
      again: options.again ?? false,
      ...(options.allowContext === undefined
        ? {}
        : { context: bytesArgument(options.allowContext, '--allow-context') }),
    },
    onAsked: (asked) => sayAsked(out, asked),
    onProgress: begin,
  }
  const answered = await answer(alice, request, given)
  const timings = end()
  await writeWhole(options.out, `${printBundle(answered.bundle)}\n`)
  const { bundle, payload } = answered
  if (options.json) {
    const told = {
      bundle: options.out,
      payload: toHex(payload),
      nullifier: fieldHex(bundle.nullifier),
      timings,
    }
    out.data(JSON.stringify(told))
  } else {
    out.data(`response   ${preview(payload)}`)
    out.data(`nullifier  ${fieldHex(bundle.nullifier)}`)
    out.words(`alice: wrote ${options.out}: it is for whoever made the Request`)
  }
  return 0
}

interface Question {
  readonly request: Request
  readonly onChain: OnChain | undefined
}

/** The Request: from a file; or made by a contract, and then written there for whoever judges or sends the answer. */
async function requestNamed(
  out: Terminal,
  { home }: Alice,
  { registry }: Credential,
  options: ProveCommandOptions,
): Promise<Question> {
  const { consumer, beneficiary } = options
  if (consumer === undefined && beneficiary === undefined) {
    const onChain = onChainNamed(out, options)
    return { request: await parseNamedFile(options.request, parseRequest), onChain }
  }
  const reading = chainReading(out, options)
  if (reading === undefined || consumer === undefined || beneficiary === undefined) {
    throw new VouchError('USAGE', { rule: '--rpc, --consumer and --beneficiary must be given together' })
  }
  await assertWritable(options.request)
  const asked = await requestOfContract(home, { ...reading, consumer, beneficiary }, registry.id)
  await writeWhole(options.request, `${printRequest(asked.request)}\n`)
  return asked
}

type Respond = (alice: Alice, request: Request, given: ProveOptions) => Promise<Answered>

/** Whose response is proven: one that a service is asked for, or one that is there. */
function responseOf(options: ProveCommandOptions): Respond {
  const { service, message, agent, envelope, signature } = options
  if (service !== undefined && envelope === undefined && signature === undefined) {
    const asked = needed(message, '--message')
    return (alice, request, given) =>
      alice.vouchedFetch(request, { ...given, service, message: asked, agent })
  }
  if (envelope !== undefined && service === undefined && message === undefined) {
    const signed = bytesArgument(needed(signature, '--signature'), '--signature', 64)
    return async (alice, request, given) => {
      const response: Pick<Answer, 'envelope' | 'signature'> = {
        envelope: await readNamedFile(envelope),
        signature: signed,
      }
      return alice.prove(request, response, given)
    }
  }
  throw new VouchError('USAGE', {
    rule: 'either --service and --message must be given, or --envelope and --signature',
    hint: 'alice prove --help shows both',
  })
}

/** The Request in words, before it is answered: ids are worth nothing to a person. */
function sayAsked(out: Terminal, { request, policies, services, anonymitySet, failures }: Asked): void {
  out.words(`alice: asked by verifier ${toHex(request.verifierId)}, at ${dateOf(request.now)}`)
  out.words('alice: the answer may come from any of these services:')
  const servicesShown = services.map(({ drv, name }) => [`  ${toHex(drv)}`, name ?? 'not in your guest'])
  out.words(table(servicesShown))
  out.words('alice: and from any machine admitted under these policies:')
  const policiesShown = policies.map(({ id, document, live, simulated }) => [
    `  ${fieldHex(id)}`,
    document?.name ?? 'its document is not known here',
    `${live} live${simulated ? ', simulated: worth nothing' : ''}`,
  ])
  out.words(table(policiesShown))
  out.words(`alice: you hide among ${anonymitySet}`)
  if (request.context !== undefined) {
    out.words(
      `alice: warning: your proofs under the context ${toHex(request.context)} are linked to one another`,
    )
  }
  for (const failure of failures.slice(1)) out.words(`alice: also: ${sentence(failure)} [${failure.code}]`)
}
