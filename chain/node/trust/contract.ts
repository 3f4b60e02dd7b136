import { credentialRegistryAbi } from '@vouch/contracts'
import { type AdmissionPolicy, admissionPolicyId } from '@vouch/evidence'
import { equalBytes, NONCE_LIFETIME, type NonceTicket, toHex, VouchError } from '@vouch/protocol'
import type { Address, Hex, LocalAccount } from 'viem'
import { type Chain, isDevelopmentChain } from '../client/client.js'
import { transact } from '../client/send.js'
import { anchorsOf } from '../deploy.js'
import { type Block, blockAt, bytesOf } from '../sync/events.js'
import { registryIdOf } from '../sync/sync.js'
import { type AdmissionMessage, quorumOf, type Signed } from './signing.js'

/** The registry's contract, as a trust node has to do with it. */
export interface RegistryContract {
  readonly id: Uint8Array
  /** A recent block's hash, as the random part of a nonce: every node sees by itself that it is fresh, and nobody foresees it. */
  recentBlock(): Promise<Block>
  /** The block that a nonce was made of; refuses one that this chain does not have, or that is too old. */
  blockOf(ticket: NonceTicket): Promise<Block>
  /** Those of these policies that the quorum has in force, with all their vendors' roots. */
  inForce(policies: ReadonlyMap<bigint, AdmissionPolicy>): Promise<ReadonlyMap<bigint, AdmissionPolicy>>
  quorum(): Promise<{ readonly setVersion: number; readonly threshold: number }>
  /** Whether this account's signature counts today. */
  isMember(account: Address): Promise<boolean>
  isAdmitted(credential: bigint): Promise<boolean>
  admit(account: LocalAccount, message: AdmissionMessage, signed: readonly Signed[]): Promise<number>
}

/** How deep the block of a nonce lies: one that the chain may still take back would make the nonce worthless. */
const DEPTH = 4

export async function openContract(chain: Chain, registry: Address): Promise<RegistryContract> {
  const contract = { address: registry, abi: credentialRegistryAbi } as const
  const doing = 'asking the registry'
  const id = registryIdOf(chain, registry)
  const [nonceBlocks, strikeLimit] = await chain.ask(doing, (client) =>
    Promise.all([
      client.readContract({ ...contract, functionName: 'nonceBlocks' }),
      client.readContract({ ...contract, functionName: 'strikeLimit' }),
    ]),
  )
  const placeOf = async (credential: bigint): Promise<number> => {
    const [place] = await chain.ask(doing, (client) =>
      client.readContract({ ...contract, functionName: 'records', args: [credential] }),
    )
    return place
  }
  /** Whether the contract has admitted just this: the salted hash of its evidence is nobody else's. */
  const isThere = async ({ credential, evidenceHash, blockNumber }: AdmissionMessage): Promise<boolean> => {
    const about = {
      ...contract,
      eventName: 'Admitted',
      args: { credential },
      fromBlock: blockNumber,
    } as const
    const events = await chain.ask(doing, (client) => client.getContractEvents({ ...about, strict: true }))
    return events.some(({ args }) => args.evidenceHash === evidenceHash)
  }
  return {
    id,
    recentBlock: async () => {
      const newest = await blockAt(chain)
      const depth = isDevelopmentChain(chain) ? 1 : Math.min(DEPTH, Math.floor(nonceBlocks / 2))
      return blockAt(chain, Math.max(0, newest.number - depth))
    },
    blockOf: async ({ registryId, random }) => {
      const block = await knownBlock(chain, random)
      if (block === undefined || !equalBytes(registryId, id)) {
        throw new VouchError('NONCE_UNKNOWN', {
          rule: 'the nonce must be for this registry, and made of a block that its chain has',
          given: toHex(random),
          hint: 'the chain may have taken the block back: ask for a new nonce',
        })
      }
      const newest = await blockAt(chain)
      const [blocks, age] = [newest.number - block.number, newest.time - block.time]
      if (blocks <= nonceBlocks && age <= NONCE_LIFETIME) return block
      throw new VouchError('NONCE_EXPIRED', {
        rule: `the nonce must be at most ${nonceBlocks} blocks and ${NONCE_LIFETIME} s old`,
        given: `${blocks} blocks, ${age} s`,
        hint: 'ask for a new nonce, and for new evidence under it',
      })
    },
    inForce: async (policies) => {
      const judged = await Promise.all(
        [...policies].map(async ([policyId, policy]) => {
          const isTrue = await chain.ask(doing, (client) =>
            Promise.all([
              client.readContract({ ...contract, functionName: 'isPolicy', args: [policyId] }),
              ...anchorsOf([policy]).map((anchor) =>
                client.readContract({ ...contract, functionName: 'isAnchor', args: [anchor] }),
              ),
            ]),
          )
          return isTrue.every((holds) => holds) ? [policy] : []
        }),
      )
      return new Map(judged.flat().map((policy) => [admissionPolicyId(policy), policy]))
    },
    quorum: () =>
      chain.ask(doing, async (client) => {
        const [setVersion, threshold] = await Promise.all([
          client.readContract({ ...contract, functionName: 'setVersion' }),
          client.readContract({ ...contract, functionName: 'threshold' }),
        ])
        return { setVersion, threshold: Number(threshold) }
      }),
    isMember: async (account) => {
      const [slot, strikes] = await chain.ask(doing, (client) =>
        client.readContract({ ...contract, functionName: 'members', args: [account] }),
      )
      return slot !== 0 && strikes < strikeLimit
    },
    isAdmitted: async (credential) => (await placeOf(credential)) !== 0,
    admit: async (account, message, signed) => {
      const call = { ...contract, functionName: 'admit', args: [message, quorumOf(signed)] }
      try {
        await transact(chain, account, call, 'admitting')
      } catch (error) {
        // Signatures are anybody's to submit: a peer, or this node's own transaction that was given up, may have come first.
        if (!(await isThere(message).catch(() => false))) throw error
      }
      const place = await placeOf(message.credential)
      if (place !== 0) return place - 1
      throw new VouchError('REORGANISED', {
        rule: 'what was admitted must be in the registry',
        hint: 'the chain took it back, or the RPC server is behind: sync tells whether it comes',
      })
    },
  }
}

/** A block by its hash, if the chain as it is now has it. */
async function knownBlock(chain: Chain, hash: Uint8Array): Promise<Block | undefined> {
  const blockHash: Hex = `0x${toHex(hash)}`
  const block = await chain.ask('reading a block', (client) =>
    client.getBlock({ blockHash }).catch((error: unknown) => {
      if (error instanceof chain.viem.BlockNotFoundError) return undefined
      throw error
    }),
  )
  if (block === undefined) return undefined
  const canonical = await blockAt(chain, Number(block.number))
  return equalBytes(canonical.hash, bytesOf(blockHash)) ? canonical : undefined
}
