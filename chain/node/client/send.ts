import { setTimeout as wait } from 'node:timers/promises'
import { shown, VouchError } from '@vouch/protocol'
import type { Abi, Address, Hex, LocalAccount, PublicClient, TransactionReceipt } from 'viem'
import type { Chain } from './client.js'
import { isNumberTaken, outOfGas } from './faults.js'

/** What is sent: to a contract, or to make one. */
export interface Message {
  readonly to?: Address
  readonly data: Hex
}

export interface Sent {
  readonly receipt: TransactionReceipt
  /** The transaction's number among those of its account. */
  readonly nonce: number
}

/** How often a transaction is given a number: another program may send from the same account. */
const ATTEMPTS = 3
const PAUSE_MS = 500

/** Sends a transaction, and waits until a block has it. */
export async function sendTransaction(
  chain: Chain,
  account: LocalAccount,
  message: Message,
  doing: string,
): Promise<Sent> {
  const outbox = chain.outboxOf(account.address)
  const { hash, gas, nonce } = await dispatch(chain, account, message, doing)
  const receipt = await chain
    .ask(doing, (client) => client.waitForTransactionReceipt({ hash, timeout: chain.receiptTimeoutMs }))
    .finally(() => outbox.settled())
  if (receipt.transactionHash !== hash) throw replaced(doing)
  if (receipt.status === 'success') return { receipt, nonce }
  if (receipt.gasUsed >= gas) throw outOfGas(doing)
  throw new VouchError('TRANSACTION_FAILED', {
    rule: `${doing}: the transaction must not revert`,
    given: shown(hash),
    hint: 'what it stands on changed while it was under way: run this again',
  })
}

interface Dispatched {
  readonly hash: Hex
  readonly gas: bigint
  readonly nonce: number
}

async function dispatch(
  chain: Chain,
  account: LocalAccount,
  message: Message,
  doing: string,
): Promise<Dispatched> {
  const { address } = account
  const count = () =>
    chain.ask(doing, (client) => client.getTransactionCount({ address, blockTag: 'pending' }))
  for (let attempt = 1; ; attempt++) {
    try {
      return await chain
        .outboxOf(address)
        .take(count, (nonce) =>
          chain.ask(doing, (client) => dispatchAs(nonce, chain, client, account, message, doing)),
        )
    } catch (error) {
      if (attempt === ATTEMPTS || !isNumberTaken(error)) throw error
      await wait(PAUSE_MS)
    }
  }
}

/** Signs what was asked for and nothing that the server would rather have: its word counts for gas alone, and that within limits. */
async function dispatchAs(
  nonce: number,
  chain: Chain,
  client: PublicClient,
  account: LocalAccount,
  message: Message,
  doing: string,
): Promise<Dispatched> {
  const { viem, id } = chain
  const [fees, estimated] = await Promise.all([
    client.estimateFeesPerGas({ chain: null, type: 'eip1559' }),
    client.estimateGas({ account: account.address, nonce, ...message }),
  ])
  assertAffordable(chain, fees.maxFeePerGas, doing)
  // Others' transactions may come first, and make this one dearer. What is not used is not paid.
  const gas = estimated + estimated / 5n
  const { maxFeePerGas, maxPriorityFeePerGas } = fees
  const serializedTransaction = await account.signTransaction({
    ...{ type: 'eip1559', chainId: id, nonce, gas, maxFeePerGas, maxPriorityFeePerGas },
    ...message,
  })
  await client.sendRawTransaction({ serializedTransaction }).catch((error: unknown) => {
    // An answer that went missing makes the library send it again: then the server has it already.
    if (!(error instanceof viem.BaseError && /already (known|imported)/i.test(error.message))) throw error
  })
  return { hash: viem.keccak256(serializedTransaction), gas, nonce }
}

/** What a unit of gas costs is the server's word: one that lies would empty the account. */
function assertAffordable({ viem, maxFee }: Chain, fee: bigint, doing: string): void {
  if (fee <= maxFee) return
  throw new VouchError('FEE_NOT_ACCEPTED', {
    rule: `${doing}: a unit of gas must cost at most ${viem.formatGwei(maxFee)} gwei`,
    given: shown(`${viem.formatGwei(fee)} gwei`),
    hint: 'the server lies, or the chain is dear today: name another, wait, or raise --max-fee',
  })
}

function replaced(doing: string): VouchError {
  return new VouchError('TRANSACTION_FAILED', {
    rule: `${doing}: no other transaction may take its place`,
    hint: 'another program sends from the same account: give each its own',
  })
}

export interface Call {
  readonly address: Address
  readonly abi: Abi
  readonly functionName: string
  readonly args: readonly unknown[]
}

/** Sends a transaction that calls a contract, after a call that costs nothing has shown that it will do. */
export async function transact(
  chain: Chain,
  account: LocalAccount,
  call: Call,
  doing: string,
): Promise<TransactionReceipt> {
  await chain.ask(doing, (client) => client.simulateContract({ ...call, account }))
  const data = chain.viem.encodeFunctionData(call)
  return (await sendTransaction(chain, account, { to: call.address, data }, doing)).receipt
}

/** A contract to be made. */
export interface Making {
  readonly abi: Abi
  readonly bytecode: Hex
  readonly args: readonly unknown[]
}

/** Makes a contract. Answers with its address. */
export async function create(
  chain: Chain,
  account: LocalAccount,
  making: Making,
  doing: string,
): Promise<Address> {
  const data = chain.viem.encodeDeployData(making)
  const { receipt, nonce } = await sendTransaction(chain, account, { data }, doing)
  // Where a contract comes to be follows from who makes it: a server that names another place has something there.
  const expected = chain.viem.getContractAddress({ from: account.address, nonce: BigInt(nonce) })
  if (receipt.contractAddress?.toLowerCase() === expected.toLowerCase()) return expected
  throw new VouchError('RPC_FALSE', {
    rule: `${doing}: a receipt must name the contract that was made`,
    given: shown(receipt.contractAddress ?? 'none'),
  })
}
