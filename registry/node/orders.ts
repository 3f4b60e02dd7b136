import { textOf, toHex, toInteger, VouchError } from '@vouch/protocol'
import {
  boundedBytes,
  type Codec,
  fixedBytes,
  flag,
  oneOf,
  parseFile,
  printFile,
  record,
  uint,
  version,
} from '@vouch/protocol/codec'
import { MAX_REASON_BYTES } from '@vouch/protocol/records'
import type { Member } from '../src/member.js'
import type { Registry } from '../src/store.js'

/** Longest order, as a file. */
export const MAX_ORDER_BYTES = 8192

/** What the operator orders of a registrar, whether it serves or not. */
export interface Order {
  readonly version: 1
  /** Removes a credential; removes a machine and refuses it from then on; lets a machine be admitted again. */
  readonly action: 'remove' | 'ban' | 'readmit'
  /** The credential or the machine. */
  readonly subject: Uint8Array
  /** UTF-8. */
  readonly reason: Uint8Array
}

export interface Outcome {
  readonly version: 1
  /** How many leaves were emptied. */
  readonly removed: number
  /** Number of the head that says so, or of the newest where nothing was to be said. */
  readonly seq: number
  /** Whether the disk took the head for those who read the folder. What was ordered is done all the same, and stands in the log. */
  readonly isPublished: boolean
  /** Whether the private log has it. */
  readonly isNoted: boolean
}

const orderCodec: Codec<Order> = record<Order>({
  version: version(1),
  action: oneOf({ remove: 1, ban: 2, readmit: 3 }),
  subject: fixedBytes(32),
  reason: boundedBytes(0, MAX_REASON_BYTES),
})

const outcomeCodec: Codec<Outcome> = record<Outcome>({
  version: version(1),
  removed: uint(4, { max: 2 ** 32 - 1 }),
  seq: uint(8, { max: Number.MAX_SAFE_INTEGER }),
  isPublished: flag,
  isNoted: flag,
})

export const parseOrder = (file: Uint8Array): Order => parseFile(orderCodec, file, 'order')
export const printOrder = (order: Order): string => printFile(orderCodec, order, 'order')
export const parseOutcome = (file: Uint8Array): Outcome => parseFile(outcomeCodec, file, 'outcome')
export const printOutcome = (outcome: Outcome): string => printFile(outcomeCodec, outcome, 'outcome')

/**
 * Does what is ordered. What it has answered is in the log: where the disk refuses to publish the head of a removal, the removal is done
 * all the same, and the outcome says so.
 */
export async function carryOut(registry: Registry, order: Order): Promise<Omit<Outcome, 'isNoted'>> {
  const done = await carriedOut(registry, order)
  return { version: 1, ...done, isPublished: registry.unpublished === undefined }
}

async function carriedOut(
  registry: Registry,
  { action, subject, reason }: Order,
): Promise<Pick<Outcome, 'removed' | 'seq'>> {
  const why = textOf(reason)
  switch (action) {
    case 'remove': {
      const { credential, removed } = await memberOf(registry, subject)
      // Done before, as by an operator who was not told so: an error would say that it cannot be done.
      if (removed) return { removed: 0, seq: (await registry.settle()).seq }
      const { seq } = await registry.remove(credential, why)
      return { removed: 1, seq }
    }
    case 'ban': {
      const { removed, head } = await registry.ban(subject, why)
      return { removed, seq: head.seq }
    }
    case 'readmit': {
      await registry.pardon(subject, why)
      return { removed: 0, seq: (await registry.head()).seq }
    }
  }
}

/** An order for the private log. */
export function orderDetails({ action, subject, reason }: Order): Readonly<Record<string, string>> {
  return { [action === 'remove' ? 'credential' : 'machine']: toHex(subject), reason: textOf(reason) }
}

async function memberOf(registry: Registry, credential: Uint8Array): Promise<Member> {
  const member = await registry.find(toInteger(credential))
  if (member !== undefined) return member
  throw new VouchError('LEAF_MISSING', {
    rule: 'the credential must be a member of this registry',
    hint: 'registrar show --members lists them',
  })
}
