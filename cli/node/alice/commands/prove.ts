import { readAdmissionPolicy } from '@vouch/evidence/node'
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
} from '@vouch/host/node'
import {
  type Answer,
  type Credential,
  parseGuest,
  parseOpening,
  parseRequest,
  parseVerifier,
  printBundle,
  printOpening,
  printRequest,
  type Request,
  sentence,
  toHex,
  type Verifier,
  VouchError,
} from '@vouch/protocol'
import type { Answered, Asked, ProveStage } from '@vouch/prover'
import { type Alice, type ProveOptions, requestOfContract } from '@vouch/prover/node'
import { progress } from '../progress.js'
import { needed } from './enroll.js'

export interface ProveCommandOptions {
  readonly request: string
  readonly verifier?: string
  readonly credential: string
  readonly out: string
  readonly rpc?: string
  readonly consumer?: string
  readonly beneficiary?: string
  readonly policy?: readonly string[]
  readonly guest?: readonly string[]
  readonly agent?: string
  readonly service?: string
  readonly message?: string
  readonly question?: string
  readonly opening?: string
  readonly envelope?: string
  readonly signature?: string
  readonly minSet?: string
  readonly allowOneService?: true
  readonly allowContext?: string
  readonly again?: true
  readonly json?: true
}

const STAGES: Readonly<Record<ProveStage, string>> = {
  registry: 'reading your copy of the registry',
  service: 'asking the service, and checking what it signed',
  proof: 'proving',
}

/** `alice prove`: shows what a Request asks for, answers it or says what speaks against it. Writes a bundle or nothing. */
export async function proveCommand(
  out: Terminal,
  alice: Alice,
  options: ProveCommandOptions,
): Promise<number> {
  const answer = await responseOf(options)
  // A bundle that cannot be written is an answer lost: its scope is used, and a service asked anew would sign another.
  await assertWritable(options.out)
  if (options.opening !== undefined) await assertWritable(options.opening)
  const credential = await alice.home.credential(options.credential)
  const { request, verifier } = await requestNamed(alice, credential, options)
  const { begin, end } = progress(out, STAGES)
  const given: ProveOptions = {
    credential,
    verifier,
    guests: await readAll((options.guest ?? []).map((file) => parseNamedFile(file, parseGuest))),
    documents: await readAll((options.policy ?? []).map(readAdmissionPolicy)),
    caution: {
      ...(options.minSet === undefined
        ? {}
        : { minimumSet: numberArgument(options.minSet, '--min-set', { min: 0, max: 2 ** 20 }) }),
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
  const { bundle, payload, opening } = answered
  if (options.opening !== undefined && opening !== undefined) {
    await writeWhole(options.opening, `${printOpening(opening)}\n`)
  }
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
    out.words(`alice: wrote ${options.out}: it is for the verifier that made the Request`)
  }
  return 0
}

interface Question {
  readonly request: Request
  readonly verifier: Verifier
}

/** The Request: from a file; or made by a contract, and then written there for whoever judges or sends the answer. */
async function requestNamed(
  { home }: Alice,
  { registry }: Credential,
  { rpc, consumer, beneficiary, request: file, verifier: meant }: ProveCommandOptions,
): Promise<Question> {
  if (rpc === undefined && consumer === undefined && beneficiary === undefined) {
    const verifier = verifierNamed(meant)
    return { request: await parseNamedFile(file, parseRequest), verifier }
  }
  if (rpc === undefined || consumer === undefined || beneficiary === undefined) {
    throw new VouchError('USAGE', { rule: '--rpc, --consumer and --beneficiary must be given together' })
  }
  await assertWritable(file)
  const asked = await requestOfContract(home, { rpc, consumer, beneficiary }, registry.id)
  await writeWhole(file, `${printRequest(asked.request)}\n`)
  return meant === undefined ? asked : { ...asked, verifier: verifierNamed(meant) }
}

/** A Request can be anybody's: she says whose she means. */
function verifierNamed(text: string | undefined): Verifier {
  if (text === undefined) {
    throw new VouchError('USAGE', {
      rule: '--verifier must name the verifier that you mean to answer, unless --consumer does',
      hint: 'its https origin, such as https://shop.example, or its contract, as eip155:CHAIN:ADDRESS',
    })
  }
  try {
    return parseVerifier(text)
  } catch (error) {
    throw error instanceof VouchError
      ? new VouchError('USAGE', { ...error, rule: `--verifier: ${error.rule}` })
      : error
  }
}

type Respond = (alice: Alice, request: Request, given: ProveOptions) => Promise<Answered>

/** Which response is proven: one that a service is asked for, or one that is there. */
async function responseOf(options: ProveCommandOptions): Promise<Respond> {
  const { service, message, question, agent, envelope, signature, opening } = options
  if (service !== undefined && envelope === undefined && signature === undefined) {
    const asked = await questionNamed(message, question)
    return (alice, request, given) => alice.vouchedFetch(request, { ...given, service, ...asked, agent })
  }
  const isAlone = [service, message, question, opening].every((option) => option === undefined)
  if (envelope !== undefined && isAlone) {
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

/** What the service is asked: her own message, or the question that the verifier handed out with its salt. */
async function questionNamed(
  message: string | undefined,
  question: string | undefined,
): Promise<{ readonly message: string | Uint8Array; readonly salt?: Uint8Array }> {
  if (question === undefined) return { message: needed(message, '--message') }
  if (message !== undefined) {
    throw new VouchError('USAGE', { rule: 'either --message must be given, or --question, which has one' })
  }
  return parseNamedFile(question, parseOpening)
}
/** Anybody can make up a drv: what no guest known here runs hides no one. */
const NOT_KNOWN = 'run by no guest that is known here: it does not count'

/** The Request in words, before it is answered: ids are worth nothing to a person. */
function sayAsked(
  out: Terminal,
  { request, verifier, policies, services, anonymitySet, failures }: Asked,
): void {
  const isMeant = failures.every(({ code }) => code !== 'VERIFIER_MISMATCH')
  out.words(`alice: asked by ${isMeant ? verifier : 'another verifier'}, at ${dateOf(request.now)}`)
  out.words('alice: the answer may come from any of these services:')
  const servicesShown = services.map(({ drv, name }) => [`  ${toHex(drv)}`, name ?? NOT_KNOWN])
  out.words(table(servicesShown))
  out.words('alice: and from any machine admitted under these policies:')
  const policiesShown = policies.map(({ id, document, live, own, simulated }) => [
    `  ${fieldHex(id)}`,
    document?.name ?? 'its document is not known here',
    `${live} live of others${own === 0 ? '' : `, ${own} of yours`}${simulated ? ', simulated: worth nothing' : ''}`,
  ])
  out.words(table(policiesShown))
  out.words(
    `alice: you hide among ${anonymitySet} live leaves of others, under these policies, at the root that is asked for`,
  )
  if (request.context !== undefined) {
    out.words(
      `alice: warning: your proofs under the context ${toHex(request.context)} are linked to one another`,
    )
  }
  for (const failure of failures.slice(1)) out.words(`alice: also: ${sentence(failure)} [${failure.code}]`)
}
