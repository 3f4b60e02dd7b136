import { fakeWaiting } from '@vouch/host/testing/waiting'
import { expect, onTestFinished, test } from 'vitest'
import { type Collecting, collectSignatures } from '../node/trust/peers.js'
import { type PeerAnswer, PROPOSAL, startPeer } from './support/peers.js'

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
