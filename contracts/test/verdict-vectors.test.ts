import { keyHash } from '@vouch/circuits'
import { equalBytes, fieldToBytes, inputList, requestHash, respondInputs } from '@vouch/protocol'
import { type Abi, type Address, BaseError, bytesToHex, ContractFunctionRevertedError } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { filesBelow, VERDICTS } from '../../fixtures/corpus.js'
import { readVerdict } from '../../fixtures/verdict/file.js'
import { buildGenerated, forgeOutput } from '../build/generated.js'
import { type Chain, deploy, startChain } from './support/chain.js'

// The proofs of the verdicts, by the contract that gateways ask. All else of a verdict is of a registry off chain.

let chain: Chain
let verifier: Address
let abi: Abi

beforeAll(async () => {
  await buildGenerated()
  chain = await startChain({ time: 1_800_000_000, hardfork: 'prague' })
  verifier = await deploy(chain.client, 'HonkVerifier')
  abi = (await forgeOutput('HonkVerifier')).abi as Abi
}, 600_000)

afterAll(() => chain?.stop())

const isRevert = (error: unknown): boolean => error instanceof ContractFunctionRevertedError

/** A proof of another Request's answer, or under another key, is one that a judge does not look at. */
const looksAtProof = ({ judged: { bundle, request } }: ReturnType<typeof readVerdict>): boolean =>
  bundle.request === requestHash(request) && equalBytes(bundle.circuit, keyHash('respond'))

const vectors = filesBelow(VERDICTS)
  .map((path) => ({ name: path.slice(VERDICTS.length + 1), ...readVerdict(path) }))
  .filter(looksAtProof)

describe('the proofs of the vectors of verdicts, in Solidity', () => {
  it.each(vectors)('$name', async ({ expect: { codes }, judged: { bundle, request } }) => {
    const inputs = inputList(respondInputs(request, bundle.envelope, bundle.nullifier))
    const words = inputs.map((input) => bytesToHex(fieldToBytes(input)))
    const args = [bytesToHex(bundle.proof), words]
    const holds = await chain.client
      .readContract({ address: verifier, abi, functionName: 'verify', args })
      .catch((error) => {
        // The generated contract reverts for most of what it refuses.
        if (error instanceof BaseError && error.walk(isRevert) !== null) return false
        throw error
      })
    expect(holds).toBe(!codes.some((code) => code === 'PROOF_FALSE' || code === 'PROOF_MALFORMED'))
  })

  it('hold in some, and are false in others', () => {
    const isFalse = vectors.filter(({ expect: { codes } }) => codes.includes('PROOF_FALSE'))
    expect(isFalse.length).toBeGreaterThan(3)
    expect(vectors.length - isFalse.length).toBeGreaterThan(20)
  })
})
