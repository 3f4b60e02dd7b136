import { equalBytes, toHex, VouchError } from '@vouch/protocol'
import { bytesArgument, type Terminal } from '@vouch/protocol/node'
import { type Copy, credentialOf, type Draft, findCredential, finishEnrollment } from '../../src/index.js'
import { usualName } from '../home.js'
import type { Alice } from '../open-alice.js'
import {
  describeEach,
  isUnreadable,
  orUnreadable,
  statusOf,
  unreadableJson,
  unreadableRow,
} from './credential.js'
import { type ChainCommandOptions, onChainNamed } from './enroll.js'

export interface SyncCommandOptions extends ChainCommandOptions {
  readonly credential?: string
  readonly registry?: string
  readonly signer?: string
  readonly json?: true
}

/** `alice sync`: brings her copies of registries up to their newest heads, and believes nothing on the way. */
export async function syncCommand(out: Terminal, alice: Alice, options: SyncCommandOptions): Promise<number> {
  const { home } = alice
  const held = await heldBy(alice, options.credential)
  const registries = held.filter(
    ({ registry }, i) => held.findIndex((other) => equalBytes(other.registry.id, registry.id)) === i,
  )
  if (registries.length === 0) {
    throw new VouchError('USAGE', {
      rule: 'there must be a credential whose registry is synced',
      hint: 'alice enroll',
    })
  }
  if (registries.length > 1 && (options.registry ?? options.signer ?? options.rpc) !== undefined) {
    throw new VouchError('USAGE', { rule: '--credential must say which registry is meant' })
  }
  const synced = []
  for (const member of registries) synced.push(await syncOne(out, alice, member, options))
  const names = options.credential === undefined ? await home.credentials() : [options.credential]
  const states = await describeEach(alice, names)
  if (options.json) {
    const credentials = states.map((one) =>
      isUnreadable(one) ? unreadableJson(one) : { name: one.name, state: one.state },
    )
    out.data(JSON.stringify({ registries: synced, credentials }))
  } else {
    for (const { id, seq, size } of synced)
      out.data(`registry ${id.slice(0, 16)}…  head ${seq}, ${size} leaves`)
    for (const one of states) {
      const [name, state] = isUnreadable(one) ? unreadableRow(one) : [one.name, one.state]
      out.data(`credential ${name}  ${state}`)
    }
  }
  return statusOf(states)
}

/** What she holds, or the one that she named. Where she named none, one that cannot be read stops nothing: it is told of later. */
async function heldBy({ home }: Alice, named: string | undefined): Promise<readonly Draft[]> {
  if (named !== undefined) return [await home.credential(named)]
  const names = await home.credentials()
  const read = await Promise.all(names.map((name) => orUnreadable(name, home.credential(name))))
  return [...read.flatMap((one) => (isUnreadable(one) ? [] : [one])), ...(await home.drafts())]
}

async function syncOne(out: Terminal, alice: Alice, member: Draft, options: SyncCommandOptions) {
  const { id } = member.registry
  const signer = options.signer === undefined ? undefined : bytesArgument(options.signer, '--signer', 33)
  const { head, fetched, buckets, copy } = await alice.sync(member, {
    registry: options.registry,
    onChain: onChainNamed(out, options),
    signer,
    onBucket: (done, of) => {
      if (done % PROGRESS_EVERY === 0) out.words(`alice: ${done} of ${of} buckets`)
    },
  })
  if (signer !== undefined) await repin(alice, id, signer)
  await claimDrafts(out, alice, id, copy)
  return { id: toHex(id), seq: head.seq, size: head.size, fetched, buckets }
}

const PROGRESS_EVERY = 32

/** The registrar has announced a new key, and the holder believes it: from now on no other. */
async function repin({ home }: Alice, id: Uint8Array, signer: Uint8Array): Promise<void> {
  for (const name of await home.credentials()) {
    const credential = await orUnreadable(name, home.credential(name))
    if (!isUnreadable(credential) && equalBytes(credential.registry.id, id)) {
      await home.updateCredential({ ...credential, registry: { id, signer } }, name)
    }
  }
}

/** Enrollments whose receipt went missing on its way: the registry shows whether they were admitted. */
async function claimDrafts(
  out: Terminal,
  { home, enrolling }: Alice,
  id: Uint8Array,
  copy: Copy,
): Promise<void> {
  const now = enrolling.now()
  for (const draft of await home.drafts()) {
    if (!equalBytes(draft.registry.id, id) || draft.expiresAt === undefined) continue
    const member = await findCredential(copy, credentialOf(draft))
    if (member !== undefined) {
      const receipt = { version: 1, registryId: id, ...member } as const
      await home.keepCredential(finishEnrollment(draft, receipt, now))
      out.words(`alice: ${usualName(draft)} was admitted after all, and is kept`)
    } else if (draft.expiresAt < now) await home.forgetDraft(draft)
  }
}
