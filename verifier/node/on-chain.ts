import type { Backend, CircuitName } from '@vouch/circuits'
import {
  acceptanceHash,
  type Bundle,
  equalBytes,
  fieldToBytes,
  fromHex,
  type Opening,
  parseAcceptance,
  parseBundle,
  parseOpening,
  parseRequest,
  type Request,
  toHex,
  VouchError,
} from '@vouch/protocol'
import { parseNamedFile } from '@vouch/protocol/node'
import { undecided, type Verdict, verifyOnChain } from '../src/index.js'

export interface OnChainOptions {
  readonly request: string
  readonly opening?: string | undefined
  readonly accept?: string | undefined
  readonly rpc: string
  readonly consumer: string
}

/** Judges a bundle for a contract. What is false here stays false, whether the chain can be asked or not. */
export async function judgeOnChain(
  bundlePath: string,
  options: OnChainOptions,
  now: number,
  backend: Pick<Backend<CircuitName>, 'verify'>,
): Promise<Verdict> {
  const bundle = await parseNamedFile(bundlePath, parseBundle)
  const request = await parseNamedFile(options.request, parseRequest)
  const opening =
    options.opening === undefined ? undefined : await parseNamedFile(options.opening, parseOpening)
  try {
    return await judge({ bundle, request, opening }, options, now, backend)
  } catch (error) {
    if (!(error instanceof VouchError) || error.code === 'USAGE') throw error
    return undecided([error], { bundle, request }, now, backend)
  }
}

interface Given {
  readonly bundle: Bundle
  readonly request: Request
  readonly opening: Opening | undefined
}

async function judge(
  { bundle, request, opening }: Given,
  options: OnChainOptions,
  now: number,
  backend: Pick<Backend<CircuitName>, 'verify'>,
): Promise<Verdict> {
  // Loaded here and nowhere before: what talks to chains takes a fifth of a second to load.
  const { addressArgument, callGateway, openChain, readConsumer } = await import('@vouch/registry/chain')
  const consumer = addressArgument(options.consumer, '--consumer')
  const chain = await openChain(options.rpc)
  const contract = await readConsumer(chain, consumer)
  if (options.accept !== undefined) await assertSamePolicy(options.accept, contract.acceptance)
  return verifyOnChain(bundle, {
    request,
    acceptance: contract.acceptance,
    verifier: { chain: BigInt(chain.id), contract: fromHex(consumer.slice(2).toLowerCase()) },
    opening,
    now,
    backend,
    gateway: () => callGateway(chain, contract, request, bundle),
  })
}

/** A server may show another policy than the contract has: whoever knows the policy says so with --accept. */
async function assertSamePolicy(path: string, found: Parameters<typeof acceptanceHash>[0]): Promise<void> {
  const [expected, actual] = [await parseNamedFile(path, parseAcceptance), found].map((policy) =>
    fieldToBytes(acceptanceHash(policy)),
  )
  if (expected !== undefined && actual !== undefined && equalBytes(expected, actual)) return
  throw new VouchError('ACCEPTANCE_MISMATCH', {
    rule: 'the contract must believe whom the given policy believes',
    given: toHex(actual ?? new Uint8Array()),
  })
}
