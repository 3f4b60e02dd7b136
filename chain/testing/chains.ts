import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { credentialRegistryAbi } from '@vouch/contracts'
import { type AdmissionPolicy, admissionPolicyId } from '@vouch/evidence'
import {
  fieldFromHash,
  fixedPath,
  fromInteger,
  type LeafContent,
  leafOf,
  REGISTRY_DEPTH,
  slowHasher,
  toInteger,
} from '@vouch/protocol'
import { testPolicy } from '@vouch/registry/testing/enrolling'
import type { Address, Hex } from 'viem'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { type Anvil, startAnvil } from '../../scripts/anvil.js'
import { type Chain, openChain } from '../node/client/client.js'
import { transact } from '../node/client/send.js'
import { type Deployed, deploy } from '../node/deploy.js'
import { quorumOf, signAdmission, signRemoval } from '../node/trust/signing.js'

export const policy: AdmissionPolicy = testPolicy()
export const policyId = admissionPolicyId(policy)

/** A registry on a development chain, with three nodes whose keys a test has. */
export interface TestChain {
  readonly anvil: Anvil
  readonly chain: Chain
  readonly deployed: Deployed
  readonly payer: PrivateKeyAccount
  readonly nodes: readonly PrivateKeyAccount[]
  /** Admits a credential by two signatures, as nodes would: a made-up one for a number. */
  admit(n: number | bigint): Promise<LeafContent>
  remove(index: number, leaves: readonly LeafContent[], gone?: readonly number[]): Promise<void>
  stop(): Promise<unknown>
}

export async function startTestChain(): Promise<TestChain> {
  const anvil = await startAnvil()
  const [payer, ...nodes] = anvil.keys.slice(0, 4).map((key) => privateKeyToAccount(`0x${key}`))
  if (payer === undefined) throw new Error('anvil has accounts')
  const chain = await openChain(anvil.url)
  const settings = {
    members: nodes.map(({ address }) => address),
    policies: [policy],
    floor: 2,
    strikeLimit: 3,
    delay: 0,
    nonceBlocks: 64,
  }
  const deployed = await deploy(chain, payer, settings, {}, () => undefined)
  const contract = { address: deployed.registry, abi: credentialRegistryAbi } as const
  const setVersion = () =>
    chain.ask('', (client) => client.readContract({ ...contract, functionName: 'setVersion' }))
  const now = async () => Number((await chain.ask('', (client) => client.getBlock())).timestamp)

  return {
    anvil,
    chain,
    deployed,
    payer,
    nodes,
    admit: async (n) => {
      const [block, time] = [await chain.ask('', (client) => client.getBlockNumber()), await now()]
      const leaf = {
        credential: typeof n === 'bigint' ? n : fieldFromHash('credential', fromInteger(n, 4)),
        policyId,
        expiresAt: time - (time % 3600) + 48 * 3600,
      }
      const admission = {
        ...leaf,
        expiresAt: BigInt(leaf.expiresAt),
        evidenceHash: `0x${'00'.repeat(32)}` as Hex,
        blockNumber: block,
        deadline: BigInt(time + 600),
        setVersion: await setVersion(),
      }
      await chain.ask('', async (client) => client.getBlock())
      await anvil.do('anvil_mine', '0x1')
      const signatures = await Promise.all(
        nodes.slice(0, 2).map((node) => signAdmission(chain, deployed.registry, node, admission)),
      )
      await transact(
        chain,
        payer,
        { ...contract, functionName: 'admit', args: [admission, quorumOf(signatures)] },
        'admitting',
      )
      return leaf
    },
    remove: async (index, leaves, gone = []) => {
      const removed = leaves[index]
      if (removed === undefined) throw new Error('there is no such leaf')
      const removal = {
        credential: removed.credential,
        forCause: true,
        reason: `0x${'00'.repeat(32)}` as Hex,
        deadline: BigInt((await now()) + 600),
        setVersion: await setVersion(),
      }
      const signatures = await Promise.all(
        nodes.slice(0, 2).map((node) => signRemoval(chain, deployed.registry, node, removal)),
      )
      const siblings = siblingsOf(leaves, index, gone)
      const place = { policyId, expiresAt: BigInt(removed.expiresAt), siblings }
      await transact(
        chain,
        payer,
        { ...contract, functionName: 'remove', args: [removal, place, quorumOf(signatures)] },
        'removing',
      )
    },
    stop: () => anvil.stop(),
  }
}

/** The path of a place, by the protocol's own trees. */
function siblingsOf(
  leaves: readonly LeafContent[],
  index: number,
  gone: readonly number[],
): readonly bigint[] {
  const values = leaves.map((leaf, i) => (gone.includes(i) ? 0n : toInteger(leafOf(slowHasher, leaf))))
  return fixedPath(REGISTRY_DEPTH, values, index).siblings
}

/** What an RPC server answers, changed on its way. An error, which has no result, stays one unless a result is made up. */
export type Lie = (method: string, result: unknown, params: readonly unknown[]) => unknown

export interface LyingServer {
  readonly url: string
  lie: Lie
  close(): Promise<unknown>
}

/** An RPC server that passes on what another says, and changes what it likes. */
export async function startLyingServer(honest: string, lie: Lie): Promise<LyingServer> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    const { id, method, params = [] } = JSON.parse(body) as { id: number; method: string; params?: unknown[] }
    const answer = (await (
      await fetch(honest, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    ).json()) as { result?: unknown; error?: unknown }
    const result = await lying.lie(method, answer.result, params)
    const told = result === undefined ? answer : { result }
    if (result === HANG) return
    response.setHeader('content-type', 'application/json')
    response.end(result instanceof Raw ? result.text : JSON.stringify({ jsonrpc: '2.0', id, ...told }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const lying: LyingServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lie,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
  return lying
}

/** Never answers. */
export const HANG = Symbol('hang')

/** Answers with this, whatever it is. */
export class Raw {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export const noAddress: Address = `0x${'11'.repeat(20)}`
