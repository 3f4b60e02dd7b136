import { credentialRegistryAbi, vouchVerifierAbi } from '@vouch/contracts'
import { equalBytes, shown, VouchError } from '@vouch/protocol'
import type { Address, LocalAccount, TransactionReceipt } from 'viem'
import { type Decision, type DecisionKind, isRemoval } from '../../src/decision.js'
import type { Endorsement } from '../../src/proposal.js'
import type { Chain } from '../client/client.js'
import { transact } from '../client/send.js'
import { blockAt, bytesOf } from '../sync/events.js'
import type { LeafPlace } from '../sync/leaf-place.js'
import { addressOf, callOf, signerOfDecision } from './decision-message.js'
import type { Signed } from './signing.js'

export interface Proposed {
  readonly kind: DecisionKind
  readonly subject: Uint8Array
  readonly reason?: string
  readonly route?: { readonly gateway: Address; readonly verifier: Address }
  /** For how many seconds signatures may be collected. */
  readonly seconds: number
}

/** The longest for which signatures may count: whoever has them may use them until then. */
export const LONGEST_COLLECTING = 30 * 86_400

const READING = 'asking the registry'

/** Makes a decision to be signed: for the members, and with the number, that the contract has now. */
export async function proposeDecision(
  chain: Chain,
  registry: Address,
  { kind, subject, reason, route, seconds }: Proposed,
): Promise<Decision> {
  const { time } = await blockAt(chain)
  const { setVersion, sequence } = await standing(chain, registry, route?.gateway)
  return {
    version: 1,
    chainId: chain.id,
    registry: bytesOf(registry),
    kind,
    subject,
    ...(reason === undefined ? {} : { reason }),
    ...(route === undefined ? {} : { gateway: bytesOf(route.gateway), verifier: bytesOf(route.verifier) }),
    ...(isRemoval(kind) ? {} : { sequence }),
    deadline: time + seconds,
    setVersion,
  }
}

/** Refuses a decision for another registry, or for this one as it was: what is signed there may count elsewhere, or for long. */
export async function assertCurrent(chain: Chain, registry: Address, decision: Decision): Promise<void> {
  if (decision.chainId !== chain.id || !equalBytes(decision.registry, bytesOf(registry))) {
    throw new VouchError('REGISTRY_NOT_ACCEPTED', {
      rule: 'a decision must be for the registry that is named, on its chain',
      given: `${addressOf(decision.registry)} on chain ${decision.chainId}`,
    })
  }
  const { time } = await blockAt(chain)
  const today = await standing(chain, registry, decision.gateway && addressOf(decision.gateway))
  const isNext = decision.sequence === undefined || decision.sequence === today.sequence
  const isTimely = decision.deadline >= time && decision.deadline <= time + LONGEST_COLLECTING
  if (isNext && isTimely && decision.setVersion === today.setVersion) return
  throw new VouchError('REQUEST_TOO_OLD', {
    rule: 'a decision must be for the members of today, the next one, and to be signed within 30 days',
    given: `members ${decision.setVersion} of ${today.setVersion}, number ${decision.sequence ?? today.sequence} of ${today.sequence}, for ${decision.deadline - time} s`,
    hint: 'registrar node propose makes it anew',
  })
}

/** What a decision has to fit: the version of the set of members, and the number that the next decision has. */
function standing(
  chain: Chain,
  registry: Address,
  gateway: Address | undefined,
): Promise<{ readonly setVersion: number; readonly sequence: number }> {
  const contract = { address: registry, abi: credentialRegistryAbi } as const
  return chain.ask(READING, async (client) => {
    const setVersion = await client.readContract({ ...contract, functionName: 'setVersion' })
    if (gateway === undefined) {
      const sequence = await client.readContract({ ...contract, functionName: 'sequence' })
      return { setVersion, sequence: Number(sequence) }
    }
    const route = { address: gateway, abi: vouchVerifierAbi } as const
    const [asked, sequence] = await Promise.all([
      client.readContract({ ...route, functionName: 'registry' }),
      client.readContract({ ...route, functionName: 'sequence' }),
    ])
    if (asked.toLowerCase() === registry.toLowerCase()) return { setVersion, sequence: Number(sequence) }
    throw new VouchError('REGISTRY_NOT_ACCEPTED', {
      rule: 'the gateway must be one that asks this registry',
      given: shown(asked),
    })
  })
}

export async function isMember(chain: Chain, registry: Address, account: Address): Promise<boolean> {
  const [slot] = await chain.ask(READING, (client) =>
    client.readContract({
      address: registry,
      abi: credentialRegistryAbi,
      functionName: 'members',
      args: [account],
    }),
  )
  return slot !== 0
}

/** A change that was decided, and waits. */
export interface Scheduled {
  readonly id: number
  readonly notBefore: number
}

/**
 * Submits a decision that enough members have signed. Answers with the change that waits for its delay; removals, routes and
 * pauses are in effect at once.
 */
export async function submitDecision(
  chain: Chain,
  account: LocalAccount,
  decision: Decision,
  endorsements: readonly Endorsement[],
  place?: LeafPlace,
): Promise<Scheduled | undefined> {
  const signed = await signedBy(chain, decision, endorsements)
  const receipt = await transact(chain, account, callOf(decision, signed, place), 'submitting a decision')
  return AT_ONCE.includes(decision.kind) ? undefined : scheduledIn(chain, receipt)
}

/** Has a member leave the set, after the delay that all changes have. It asks nobody. */
export async function leave(
  chain: Chain,
  account: LocalAccount,
  registry: Address,
): Promise<Scheduled | undefined> {
  const call = { address: registry, abi: credentialRegistryAbi, functionName: 'resign', args: [] }
  return scheduledIn(chain, await transact(chain, account, call, 'leaving'))
}

function scheduledIn({ viem }: Chain, { logs }: TransactionReceipt): Scheduled | undefined {
  const eventName = 'ChangeScheduled'
  const [scheduled] = viem.parseEventLogs({ abi: credentialRegistryAbi, eventName, logs })
  return scheduled && { id: Number(scheduled.args.id), notBefore: Number(scheduled.args.notBefore) }
}

const AT_ONCE: readonly DecisionKind[] = ['pause', 'cancel']

/** The signatures of members, each once, if they are enough. One of anybody else is no slip: it was given for something else. */
async function signedBy(
  chain: Chain,
  decision: Decision,
  endorsements: readonly Endorsement[],
): Promise<readonly Signed[]> {
  const registry = addressOf(decision.registry)
  const signed = new Map<Address, Signed>()
  for (const [i, endorsement] of endorsements.entries()) {
    const one = await signerOfDecision(chain, decision, endorsement)
    if (one === undefined || !(await isMember(chain, registry, one.signer))) {
      throw new VouchError('SIGNATURE_FALSE', {
        rule: 'each signature must be on this decision, and of a member',
        given: `signature ${i + 1} of ${endorsements.length}`,
      })
    }
    signed.set(one.signer, one)
  }
  const threshold = await chain.ask(READING, (client) =>
    client.readContract({ address: registry, abi: credentialRegistryAbi, functionName: 'threshold' }),
  )
  if (signed.size >= threshold) return [...signed.values()]
  throw new VouchError('QUORUM_MISSING', {
    rule: `${threshold} trust nodes must sign a decision`,
    given: `${signed.size}`,
    hint: 'have more operators sign the same file',
  })
}

/** Carries out a change whose delay has passed. */
export async function executeChange(
  chain: Chain,
  account: LocalAccount,
  registry: Address,
  id: number,
): Promise<void> {
  const call = {
    address: registry,
    abi: credentialRegistryAbi,
    functionName: 'execute',
    args: [BigInt(id)],
  }
  await transact(chain, account, call, 'carrying out a change')
}
