import { fakeWaiting } from '@vouch/host/testing/waiting'
import { expect, onTestFinished, test } from 'vitest'
import { type Collecting, collectSignatures } from '../node/trust/peers.js'
import type { Proposal } from '../src/proposal.js'
import { type PeerAnswer, startPeer } from './support/peers.js'

// A trust node before peers that have enough. Nothing is really waited for, and no peer signs.

const refusing =
  (status: number, code: string, retryAfter?: string): PeerAnswer =>
  (response) => {
    if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter)
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ failures: [{ code, exit: 4, rule: 'not now' }] }))
  }

async function collecting(answer: PeerAnswer, timeoutMs = 60_000) {
  const peer = await startPeer(answer)
  onTestFinished(() => peer.close())
  const { waiting, pauses } = fakeWaiting(0.5)
  const given = { peers: [peer.url], own: [], needed: 1, timeoutMs, waiting, proposal: PROPOSAL }
  const error = await collectSignatures(given as unknown as Collecting).catch((caught: unknown) => caught)
  return { error, pauses, asked: peer.asked() }
}

const PROPOSAL: Proposal = {
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

test('a peer that has enough is asked again when it says, so often and no more', async () => {
  const { error, pauses, asked } = await collecting(refusing(429, 'RATE_LIMITED', '4'))
  expect(error).toMatchObject({ code: 'QUORUM_MISSING', given: expect.stringContaining('RATE_LIMITED') })
  expect(pauses).toEqual([5000, 5000, 5000])
  expect(asked).toBe(4)
})

test.each([
  ['that asks for more time than it has', refusing(503, 'BUSY', '50')],
  ['that says no', refusing(403, 'PROOF_FALSE', '1')],
  ['that does not say when', refusing(503, 'BUSY')],
])('a peer %s is asked once', async (_, answer) => {
  const { error, pauses, asked } = await collecting(answer)
  expect(error).toMatchObject({ code: 'QUORUM_MISSING' })
  expect([pauses, asked]).toEqual([[], 1])
})
