import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { contractPolicyOf, questionOf } from '@vouch/chain'
import { accountOf, type Chain, create, openChain, transact } from '@vouch/chain/node'
import { keyHash } from '@vouch/circuits'
import { vouchedBoardAbi } from '@vouch/contracts'
import { readCreationCode } from '@vouch/contracts/node'
import {
  type AcceptancePolicy,
  type ErrorCode,
  parseBundle,
  parseRequest,
  toHex,
  VouchError,
} from '@vouch/protocol'
import { type Commands, urlOf } from '../../fixtures/story/commands.js'
import { type Anvil, startAnvil } from '../anvil.js'

// The last act: the registry is a contract, and those who admit are three trust nodes, two of whom must agree.

type Address = `0x${string}`

/** What the demo has so far. */
export interface Stage {
  readonly folder: string
  /** Agents of the two machines. */
  readonly agents: readonly string[]
  readonly policyFile: string
  /** Whom Bob believes; the contract believes the same services and policies. */
  readonly acceptance: AcceptancePolicy
  /** Alice's folder and Carol's, as options: each enrolls one machine. */
  readonly homes: readonly [readonly string[], readonly string[]]
  step<T>(text: string, work: () => Promise<T>): Promise<T>
  say(text: string): void
}

interface OnChain {
  readonly rpc: string
  readonly registry: string
  readonly gateway: Address
}

const NODES = [1, 2, 3] as const

export async function chainAct(commands: Commands, stage: Stage): Promise<void> {
  const { ask, mustCall } = commands
  const { step, say, folder, agents, homes } = stage
  const [alice] = homes
  say('\nOn chain')
  const anvil = await step('a chain starts on this machine', () => startAnvil())
  try {
    const keys = await writeKeys(folder, anvil)
    const onChain = await step(
      'a registry and a gateway are deployed: three trust nodes, two must sign',
      () => deployAll(commands, stage, anvil, keys),
    )
    const where = ['--rpc', onChain.rpc, '--contract', onChain.registry]
    const node = await step('the three nodes start', () => startNodes(commands, stage, where, keys))
    const enrolling = ['--registrar', node, ...where]
    for (const [i, agent] of agents.entries()) {
      const named = ['--name', `chain-${i}`]
      await step(`machine ${i + 1} is attested; two nodes verify and sign; it is admitted on chain`, () =>
        ask('alice', ...(homes[i] ?? alice), 'enroll', '--agent', agent, ...enrolling, ...named),
      )
    }
    await step('Alice syncs her copy with the chain, as she does on a clock of her own', () =>
      ask('alice', ...alice, 'sync', '--credential', 'chain-0'),
    )
    const chain = await openChain(onChain.rpc)
    const payer = await accountOf(keys[0])
    const board = await step('a contract is deployed that accepts vouched responses, each once', () =>
      deployBoard(chain, payer, onChain, stage.acceptance),
    )
    const files = { request: join(folder, 'chain-request.json'), bundle: join(folder, 'chain-bundle.json') }
    const asker = ['--rpc', onChain.rpc, '--consumer', board]
    await step('Alice reads what it asks, asks the echo service, and proves its response', () =>
      ask('alice', ...alice, 'prove', ...asker, ...provingWith(payer.address, files)),
    )
    await step('Bob has the gateway judge it, for free', () =>
      mustCall('bob', 'verify', files.bundle, '--request', files.request, ...asker),
    )
    await step('the contract accepts it', () => post(chain, payer, board, files))
    await step('and refuses it the second time', () => refusesAgain(() => post(chain, payer, board, files)))
  } finally {
    await anvil.stop()
  }
}

function provingWith(beneficiary: string, files: { readonly request: string; readonly bundle: string }) {
  const asked = ['--service', 'echo', '--message', 'posted by somebody', '--min-set', '1']
  const written = ['--request', files.request, '--out', files.bundle]
  return ['--beneficiary', beneficiary, '--credential', 'chain-0', ...asked, ...written]
}

/** A file for each key, as an operator would have it: the first pays, the others are the nodes'. */
async function writeKeys(folder: string, { keys }: Anvil): Promise<readonly string[]> {
  return Promise.all(
    [0, ...NODES].map(async (i) => {
      const path = join(folder, `chain-${i}.key`)
      await writeFile(path, `${keys[i]}\n`, { mode: 0o600 })
      return path
    }),
  )
}

async function deployAll(
  { ask }: Commands,
  { policyFile }: Stage,
  { url }: Anvil,
  keys: readonly string[],
): Promise<OnChain> {
  const members = await Promise.all(NODES.map(async (i) => (await accountOf(keys[i])).address))
  const settings = ['--node', ...members, '--policy', policyFile, '--floor', '2', '--delay', '0']
  const made = await ask('registrar', 'deploy', '--rpc', url, ...settings, '--key', keys[0] ?? '')
  return { rpc: url, registry: String(made.registry), gateway: String(made.gateway) as Address }
}

/** Starts the nodes. Answers with the URL of the one that is told of the others. */
async function startNodes(
  { ask, start }: Commands,
  { folder, policyFile }: Stage,
  where: readonly string[],
  keys: readonly string[],
): Promise<string> {
  const startNode = async (i: number, peers: readonly string[]): Promise<string> => {
    const home = join(folder, `node-${i}`)
    await ask('registrar', 'init', home, '--policy', policyFile, ...where)
    const known = peers.length === 0 ? [] : ['--peer', ...peers]
    const serving = ['--key', keys[i] ?? '', '--port', '0', '--json']
    return urlOf(start('registrar', 'node', 'serve', home, ...where, ...known, ...serving))
  }
  const peers = await Promise.all([startNode(2, []), startNode(3, [])])
  return startNode(1, peers)
}

type Account = Awaited<ReturnType<typeof accountOf>>

async function deployBoard(
  chain: Chain,
  payer: Account,
  { gateway }: OnChain,
  acceptance: AcceptancePolicy,
): Promise<Address> {
  const policy = contractPolicyOf({ ...acceptance, freshness: { kind: 'max_age', seconds: 600 } })
  const bytecode = await readCreationCode('VouchedBoard')
  const args = [gateway, `0x${toHex(keyHash('respond'))}`, policy]
  return create(chain, payer, { abi: vouchedBoardAbi, bytecode, args }, 'deploying the board')
}

/** Sends the proof, for whom it was made: anyone could. */
async function post(
  chain: Chain,
  payer: Account,
  board: Address,
  files: { readonly request: string; readonly bundle: string },
): Promise<void> {
  const request = parseRequest(await readFile(files.request))
  const { envelope, nullifier, proof } = parseBundle(await readFile(files.bundle))
  const { time, root } = questionOf(request)
  const proven = [`0x${toHex(envelope)}`, nullifier, `0x${toHex(proof)}`]
  const call = { address: board, abi: vouchedBoardAbi, functionName: 'post' }
  await transact(chain, payer, { ...call, args: [payer.address, time, root, ...proven] }, 'posting')
}

async function refusesAgain(sending: () => Promise<void>): Promise<void> {
  const expected: ErrorCode = 'CHAIN_REFUSED'
  const error: unknown = await sending().then(
    () => undefined,
    (refused: unknown) => refused,
  )
  if (error instanceof VouchError && error.code === expected && error.given?.includes('AlreadyPosted')) return
  throw new Error('the contract took the same response twice', { cause: error })
}
