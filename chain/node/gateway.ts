import { keyHash } from '@vouch/circuits'
import { vouchedBoardAbi, vouchVerifierAbi } from '@vouch/contracts'
import {
  type AcceptancePolicy,
  acceptanceHash,
  type Bundle,
  decodeAcceptance,
  encodeRequest,
  equalBytes,
  type Request,
  TIME_GRID,
  toHex,
  VouchError,
} from '@vouch/protocol'
import type { Address } from 'viem'
import { type Consumer, questionOf, requestOf } from '../src/consumer.js'
import type { Chain } from './client/client.js'
import { bytesOf } from './sync/events.js'
import { contradiction } from './sync/leaves.js'
import { registryIdOf } from './sync/sync.js'

/** A contract that accepts vouched responses: whom it believes, and the gateway that it believes them through. */
export interface ConsumerContract extends Consumer {
  readonly gateway: Address
  readonly acceptance: AcceptancePolicy
}

const READING = 'reading what the contract accepts'

/** Reads whom a contract believes. What a server says of it must hold together: policy, its hash, registry and chain. */
export async function readConsumer(chain: Chain, consumer: Address): Promise<ConsumerContract> {
  const gateway = await chain.ask(READING, (client) =>
    client.readContract({ address: consumer, abi: vouchedBoardAbi, functionName: 'gateway' }),
  )
  const contract = { address: gateway, abi: vouchVerifierAbi } as const
  const [registry, [circuit, hash, policy]] = await chain.ask(READING, (client) =>
    Promise.all([
      client.readContract({ ...contract, functionName: 'registry' }),
      client.readContract({ ...contract, functionName: 'consumer', args: [consumer] }),
    ]),
  )
  if (!equalBytes(bytesOf(circuit), keyHash('respond'))) {
    throw new VouchError('CIRCUIT_UNKNOWN', {
      rule: 'the contract must want proofs of a circuit whose key is pinned here',
      given: circuit,
    })
  }
  const acceptance = decodeAcceptance(bytesOf(policy))
  if (acceptanceHash(acceptance) !== hash)
    throw contradiction("the contract's policy must have the hash it has")
  if (!equalBytes(acceptance.registry.id, registryIdOf(chain, registry))) {
    throw contradiction("the contract's policy must name the registry of its gateway")
  }
  return { chainId: chain.id, registry, consumer, policy: bytesOf(policy), gateway, acceptance }
}

/**
 * The Request that a contract makes of whoever proves for a beneficiary: its challenge, profile and freshness are read from it,
 * by the names that the example has them under.
 */
export async function requestFor(
  chain: Chain,
  contract: ConsumerContract,
  { beneficiary, root, now }: { readonly beneficiary: Address; readonly root: bigint; readonly now: number },
): Promise<Request> {
  const asked = { address: contract.consumer, abi: vouchedBoardAbi } as const
  const [challenge, profile, maxAge] = await chain.ask(READING, (client) =>
    Promise.all([
      client.readContract({ ...asked, functionName: 'challengeFor', args: [beneficiary] }),
      client.readContract({ ...asked, functionName: 'PROFILE' }),
      client.readContract({ ...asked, functionName: 'MAX_AGE' }),
    ]),
  )
  const time = BigInt(now - (now % TIME_GRID))
  const none = `0x${'00'.repeat(32)}` as const
  const left = { hasContext: false, context: none, askHash: none }
  const request = requestOf(contract, { challenge, ...left, profile, maxAge, time, root })
  encodeRequest(request)
  return request
}

/** Has the gateway judge a bundle as if the contract had asked, for free. Throws its refusal. */
export async function callGateway(
  chain: Chain,
  { gateway, consumer }: ConsumerContract,
  request: Request,
  bundle: Bundle,
): Promise<void> {
  const { bytesToHex } = chain.viem
  const [nullifier, payload] = await chain.ask('asking the gateway', (client) =>
    client.readContract({
      address: gateway,
      abi: vouchVerifierAbi,
      functionName: 'verifyResponse',
      args: [questionOf(request), bytesToHex(bundle.envelope), bundle.nullifier, bytesToHex(bundle.proof)],
      account: consumer,
    }),
  )
  if (nullifier !== bundle.nullifier || !bytesToHex(bundle.envelope).endsWith(payload.slice(2))) {
    throw contradiction('the gateway must return what was proven', toHex(bytesOf(payload)))
  }
}
