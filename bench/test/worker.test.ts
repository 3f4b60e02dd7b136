import { expect, test } from 'vitest'
import { runWorker } from '../worker.js'

const BIG = 300e6

test("a process's peak of memory has no part of its maker's", async () => {
  const held = new Uint8Array(BIG).fill(1)
  const { answer, peak } = await runWorker('test/support/idle-worker.mjs', {}, { built: true })
  expect(answer).toBe('idle')
  expect(peak ?? 0).toBeLessThan(BIG) // undefined where only Linux tells
  expect(held[BIG - 1]).toBe(1)
})

test('a process that ends without an answer measures nothing', async () => {
  await expect(runWorker('test/support/no-such-worker.mjs', {}, { built: true })).rejects.toThrow('status 1')
})
