import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import {
  type Abi,
  type Address,
  createTestClient,
  type Hex,
  http,
  publicActions,
  type TransactionReceipt,
  walletActions,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { foundryBinary } from '../../build/forge.js'
import { forgeOutput } from '../../build/generated.js'

/** One of anvil's own rich accounts. */
const RICH = privateKeyToAccount('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')

export type Client = ReturnType<typeof connect>

export interface Chain {
  readonly client: Client
  readonly stop: () => Promise<void>
}

/** A chain of its own, at a port that is free, whose clock starts at `time`. */
export async function startChain({
  time,
  hardfork,
}: {
  time: number
  hardfork: 'prague' | 'osaka'
}): Promise<Chain> {
  const words = ['--port', '0', '--hardfork', hardfork, '--timestamp', String(time), '--accounts', '1']
  const child = spawn(foundryBinary('anvil'), words, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const lines = createInterface({ input: child.stdout })
  const port = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      const [, found] = /^Listening on 127\.0\.0\.1:(\d+)$/.exec(line) ?? []
      if (found !== undefined) resolve(found)
    })
    child.once('error', reject)
    child.once('exit', (status) => reject(new Error(`anvil ended with ${status}`)))
  })
  return {
    client: connect(`http://127.0.0.1:${port}`),
    stop: async () => {
      process.off('exit', kill)
      kill()
      await exited
    },
  }
}

function connect(url: string) {
  const chain = { ...foundry, rpcUrls: { default: { http: [url] } } }
  return createTestClient({ chain, mode: 'anvil', account: RICH, transport: http(url), pollingInterval: 20 })
    .extend(publicActions)
    .extend(walletActions)
}

/** Deploys what forge compiled, and gives its address. */
export async function deploy(
  client: Client,
  name: string,
  args: readonly unknown[] = [],
  source?: string,
): Promise<Address> {
  const { abi, bytecode } = await forgeOutput(name, source as never)
  const hash = await client.deployContract({ abi: abi as Abi, bytecode: bytecode.object as Hex, args })
  const { contractAddress } = await mined(client, hash)
  if (contractAddress == null) throw new Error(`${name} was not deployed`)
  return contractAddress
}

/** Waits for a transaction, which must have succeeded. */
export async function mined(client: Client, hash: Hex): Promise<TransactionReceipt> {
  const receipt = await client.waitForTransactionReceipt({ hash })
  if (receipt.status !== 'success') throw new Error(`transaction ${hash} reverted`)
  return receipt
}
