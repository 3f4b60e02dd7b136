import { type AdmissionPolicy, admissionPolicyId } from '@vouch/evidence'
import { readAdmissionPolicy } from '@vouch/evidence/node'
import {
  bytesArgument,
  dateOf,
  fieldHex,
  numberArgument,
  parseNamedFile,
  type Terminal,
  writeWhole,
} from '@vouch/host/node'
import {
  type Credential,
  isSimulated,
  parseReceipt,
  parseTicket,
  printEnrollment,
  printNonceRequest,
  type RegistryPin,
  toHex,
  VouchError,
} from '@vouch/protocol'
import { attest, beginEnrollment, credentialOf, type EnrollStage, finishEnrollment } from '@vouch/prover'
import { type Alice, mirrorReading, type OnChain, startedAt, usualName } from '@vouch/prover/node'
import { openSource } from '@vouch/registry/node'
import { progress, type Timings } from '../progress.js'

/** How a registry on chain is named, and read. */
export interface ChainCommandOptions {
  readonly rpc?: string
  readonly contract?: string
  readonly fromBlock?: string
  readonly confirmations?: string
}

export interface EnrollCommandOptions extends ChainCommandOptions {
  readonly agent?: string
  readonly registrar?: string
  readonly registry?: string
  readonly policy?: string
  readonly name?: string
  readonly registryId?: string
  readonly signer?: string
  readonly nonceRequest?: string
  readonly ticket?: string
  readonly enrollment?: string
  readonly receipt?: string
  readonly wait?: true
  readonly json?: true
}

type Way = (out: Terminal, alice: Alice, options: EnrollCommandOptions) => Promise<number>

/** `alice enroll`: at once with a registrar that answers; or in three steps, with files carried to one that does not. */
export function enrollCommand(out: Terminal, alice: Alice, options: EnrollCommandOptions): Promise<number> {
  const ways: readonly (readonly [string | undefined, Way])[] = [
    [options.registrar, enrollByNet],
    [options.nonceRequest, writeNonceRequest],
    [options.ticket, writeEnrollment],
    [options.receipt, takeReceipt],
  ]
  const [chosen, ...others] = ways.filter(([option]) => option !== undefined)
  if (chosen !== undefined && others.length === 0) return chosen[1](out, alice, options)
  throw new VouchError('USAGE', {
    rule: 'one of --registrar, --nonce-request, --ticket and --receipt must be given',
    hint: 'alice enroll --help shows both ways',
  })
}

const STAGES: Readonly<Record<EnrollStage, string>> = {
  registry: 'reading the registry',
  guest: 'asking the agent what runs in its guest',
  nonce: 'asking the registrar for a nonce',
  attestation: 'having the agent attest, and judging its evidence',
  proof: 'proving that the evidence binds the hidden services',
  admission: 'sending evidence and proof to the registrar',
}

const enrollByNet: Way = async (out, alice, options) => {
  const { begin, end } = progress(out, STAGES)
  const policy = await policyNamed(options)
  const onChain = onChainNamed(out, options)
  const credential = await alice.enroll({
    onChain,
    agent: needed(options.agent, '--agent'),
    registrar: needed(options.registrar, '--registrar'),
    mirror: options.registry,
    policies: policy && [policy],
    expected: pinNamed(options),
    name: options.name,
    onProgress: begin,
  })
  const timings = end()
  if (options.wait) {
    out.words('alice: waiting for a head that has it …')
    await alice.published(credential, { onChain })
  }
  return sayEnrolled(out, credential, options, timings)
}

const writeNonceRequest: Way = async (out, alice, options) => {
  const { begin, end } = progress(out, STAGES)
  const policy = await policyNamed(options)
  const where = needed(options.registry, '--registry')
  const { source, hash } = await startedAt(await openSource(where), undefined)
  const begun = await beginEnrollment(
    {
      agent: needed(options.agent, '--agent'),
      source,
      mirrorOf: alice.home.mirrorOf,
      expected: pinNamed(options),
      ...(policy === undefined ? {} : { policies: [policy] }),
    },
    { ...alice.enrolling, hash, onProgress: begin },
  )
  await alice.home.keepDocument(begun.policy)
  await alice.home.keepDraft(begun.draft)
  await alice.home.keepReading(begun.draft.registry.id, mirrorReading(where))
  const credential = credentialOf(begun.draft)
  const file = needed(options.nonceRequest, '--nonce-request')
  await writeWhole(file, `${printNonceRequest({ version: 1, credential })}\n`)
  end()
  out.data(options.json ? JSON.stringify({ credential: fieldHex(credential) }) : fieldHex(credential))
  out.words(`alice: next, the registrar: registrar nonce FOLDER --credential ${fieldHex(credential)}`)
  return 0
}

const writeEnrollment: Way = async (out, alice, options) => {
  const { begin, end } = progress(out, STAGES)
  const ticket = await parseNamedFile(needed(options.ticket, '--ticket'), parseTicket)
  const file = needed(options.enrollment, '--enrollment')
  const draft = await alice.home.draft(ticket.credential)
  const documents = await alice.home.documents()
  const policy = documents.find((document) => admissionPolicyId(document) === draft.policyId)
  if (policy === undefined) throw policyMissing()
  const attested = await attest({ draft, policy }, ticket, { ...alice.enrolling, onProgress: begin })
  await alice.home.keepDraft(attested.draft)
  await writeWhole(file, `${printEnrollment(attested.enrollment)}\n`)
  end()
  out.words(`alice: wrote ${file}: it is for the registrar alone, since it names the machine`)
  return 0
}

const takeReceipt: Way = async (out, alice, options) => {
  const receipt = await parseNamedFile(needed(options.receipt, '--receipt'), parseReceipt)
  const draft = await alice.home.draft(receipt.credential)
  const credential = finishEnrollment(draft, receipt, alice.enrolling.now())
  await alice.home.keepCredential(credential, options.name)
  return sayEnrolled(out, credential, options, {})
}

function sayEnrolled(
  out: Terminal,
  credential: Credential,
  { name = usualName(credential), wait, json }: EnrollCommandOptions,
  timings: Timings,
): number {
  const { registry, policyId, expiresAt, guest } = credential
  if (json) {
    const told = {
      name,
      registry: { id: toHex(registry.id), signer: toHex(registry.signer) },
      policy_id: fieldHex(policyId),
      expires_at: expiresAt,
      services: guest.services.map((service) => service.name),
      timings,
    }
    out.data(JSON.stringify(told))
  } else {
    out.data(`credential  ${name}, in force until ${dateOf(expiresAt)}`)
    out.data(`registry    ${toHex(registry.id)}`)
    out.data(`signer      ${toHex(registry.signer)}`)
    out.data(`policy      ${fieldHex(policyId)}`)
    out.data(`services    ${guest.services.map((service) => service.name).join(', ')}`)
  }
  if (isSimulated(policyId))
    out.words('alice: warning: the policy admits simulated evidence: nothing genuine stands behind this')
  if (!wait)
    out.words(
      "alice: it can be proven with once the registrar's next head is published, and your copy has it: alice sync",
    )
  return 0
}

/** A registry on chain, where one is named; what happens while it is read is said. */
export function onChainNamed(
  out: Terminal,
  { contract, ...options }: ChainCommandOptions,
): OnChain | undefined {
  const reading = chainOptions(out, options)
  if (reading !== undefined && contract !== undefined) return { ...reading, contract }
  if (reading === undefined && contract === undefined) return undefined
  throw new VouchError('USAGE', { rule: '--rpc and --contract must be given together' })
}

/** How a chain is read, where one is. */
function chainOptions(
  out: Terminal,
  { rpc, fromBlock, confirmations }: Omit<ChainCommandOptions, 'contract'>,
): Omit<OnChain, 'contract'> | undefined {
  if (rpc === undefined) return undefined
  const block = (text: string, name: string): number =>
    numberArgument(text, name, { min: 0, max: 2 ** 32 - 1 })
  return {
    rpc,
    ...(fromBlock === undefined ? {} : { fromBlock: block(fromBlock, '--from-block') }),
    ...(confirmations === undefined ? {} : { confirmations: block(confirmations, '--confirmations') }),
    onBlock: (at, of) => out.words(`alice: block ${at} of ${of}`),
    onReorganised: () => out.words('alice: the chain took back what was read: reading it anew'),
  }
}

function pinNamed({ registryId, signer }: EnrollCommandOptions): Partial<RegistryPin> {
  return {
    ...(registryId === undefined ? {} : { id: bytesArgument(registryId, '--registry-id') }),
    ...(signer === undefined ? {} : { signer: bytesArgument(signer, '--signer', 33) }),
  }
}

async function policyNamed({ policy }: EnrollCommandOptions): Promise<AdmissionPolicy | undefined> {
  return policy === undefined ? undefined : readAdmissionPolicy(policy)
}

function policyMissing(): VouchError {
  return new VouchError('FILE_NOT_FOUND', {
    rule: 'the document of the policy that the enrollment was begun under must be there',
    hint: 'begin again',
  })
}

export function needed(value: string | undefined, name: string): string {
  if (value !== undefined) return value
  throw new VouchError('USAGE', { rule: `${name} must be given` })
}
