import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toHex } from '@vouch/protocol'
import type { Hex, PrivateKeyAccount } from 'viem'
import { bytesOf } from '../../node/sync/events.js'
import { type AdmissionMessage, signAdmission } from '../../node/trust/signing.js'
import { evidenceHash, type Proposal, parseProposal, printEndorsement } from '../../src/proposal.js'
import type { TestChain } from '../../testing/chains.js'

/** A proposal that can be read, and is about nothing. */
export const PROPOSAL: Proposal = {
  version: 1,
  enrollment: {
    version: 1,
    ticket: { version: 1, registryId: new Uint8Array(32), credential: 1n, random: new Uint8Array(32) },
    policyId: 1n,
    reportData: new Uint8Array(64),
    osImageHash: new Uint8Array(32),
    gpuDigest: new Uint8Array(32),
    evidence: [new Uint8Array(1)],
    proof: new Uint8Array(7000),
  },
  expiresAt: 3600,
  salt: new Uint8Array(32),
  deadline: 3600,
  setVersion: 1,
}

/** What a peer does when it is asked to sign. */
export type PeerAnswer = (response: ServerResponse, proposal: Proposal) => void | Promise<void>

export interface TestPeer {
  readonly url: string
  /** How often it was asked. */
  readonly asked: () => number
  close(): Promise<void>
}

/** A peer that judges nothing, and answers what a test has it answer. */
export async function startPeer(answer: PeerAnswer): Promise<TestPeer> {
  let asked = 0
  const server = createServer(async (request, response) => {
    const parts: Uint8Array[] = []
    for await (const part of request) parts.push(part)
    asked++
    await answer(response, parseProposal(new Uint8Array(Buffer.concat(parts))))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** Signs the admission that is proposed, or one that differs from it. */
export function signing(
  { chain, deployed }: TestChain,
  node: PrivateKeyAccount,
  changes: Partial<AdmissionMessage> = {},
): PeerAnswer {
  return async (response, proposal) => {
    const { ticket, policyId } = proposal.enrollment
    const blockHash: Hex = `0x${toHex(ticket.random)}`
    const { number } = await chain.ask('', (client) => client.getBlock({ blockHash }))
    const message: AdmissionMessage = {
      credential: ticket.credential,
      policyId,
      expiresAt: BigInt(proposal.expiresAt),
      evidenceHash: `0x${toHex(evidenceHash(proposal))}`,
      blockNumber: number,
      deadline: BigInt(proposal.deadline),
      setVersion: proposal.setVersion,
      ...changes,
    }
    const { signature } = await signAdmission(chain, deployed.registry, node, message)
    response.setHeader('content-type', 'application/json')
    response.end(printEndorsement({ version: 1, signature: bytesOf(signature) }))
  }
}

/** Never answers. */
export const stalling: PeerAnswer = () => undefined

/** Begins to answer, and goes on without an end: a few bytes at a time, or as many as are taken. */
export const endless =
  (size: number, everyMs: number): PeerAnswer =>
  (response) => {
    response.setHeader('content-type', 'application/json')
    const timer = setInterval(() => response.write(' '.repeat(size)), everyMs)
    response.on('close', () => clearInterval(timer))
  }
