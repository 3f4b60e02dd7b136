import type { Backend, CircuitName } from '@vouch/circuits'
import { parseNamedFile } from '@vouch/host/node'
import {
  type AcceptancePolicy,
  acceptanceHash,
  type Bundle,
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
import { undecided, type Verdict, verifyOnChain } from '@vouch/verifier'

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
  const errors: VouchError[] = []
  const read = async <T>(path: string | undefined, parse: (file: Uint8Array) => T): Promise<T | undefined> =>
    path === undefined
      ? undefined
      : parseNamedFile(path, parse).catch((error: unknown) => void errors.push(ours(error)))
  const opening = await read(options.opening, parseOpening)
  const acceptance = await read(options.accept, parseAcceptance)
  try {
    const verdict =
      errors.length === 0 && (await judge({ bundle, request, opening, acceptance }, options, now, backend))
    if (verdict) return verdict
  } catch (error) {
    errors.push(ours(error))
  }
  return undecided(errors, { bundle, request, opening }, now, backend)
}

/** An error of ours that a verdict may list. A wrong command line, and what is no error of ours, is no verdict. */
function ours(error: unknown): VouchError {
  if (error instanceof VouchError && error.code !== 'USAGE') return error
  throw error
}

interface Given {
  readonly bundle: Bundle
  readonly request: Request
  readonly opening: Opening | undefined
  /** Whom the contract is known to believe, by the caller. */
  readonly acceptance: AcceptancePolicy | undefined
}

async function judge(
  { bundle, request, opening, acceptance }: Given,
  options: OnChainOptions,
  now: number,
  backend: Pick<Backend<CircuitName>, 'verify'>,
): Promise<Verdict> {
  // Loaded here and nowhere before: what talks to chains takes a fifth of a second to load.
  const { addressArgument, callGateway, openChain, readConsumer } = await import('@vouch/chain/node')
  const consumer = addressArgument(options.consumer, '--consumer')
  const chain = await openChain(options.rpc)
  const contract = await readConsumer(chain, consumer)
  if (acceptance !== undefined) assertSamePolicy(acceptance, contract.acceptance)
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

/** A server may show another policy than the contract has: a caller who knows the policy says so with --accept. */
function assertSamePolicy(expected: AcceptancePolicy, found: AcceptancePolicy): void {
  if (acceptanceHash(expected) === acceptanceHash(found)) return
  throw new VouchError('ACCEPTANCE_MISMATCH', {
    rule: 'the contract must believe whom the given policy believes',
    given: toHex(fieldToBytes(acceptanceHash(found))),
  })
}
