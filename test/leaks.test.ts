import { toInteger } from '@vouch/protocol'
import { expect, test } from 'vitest'
import { type Haystack, leaks, RUN } from './support/leaks.js'

test('the search finds a run wherever and however it is spelled', () => {
  const secret = Uint8Array.from({ length: 40 }, (_, i) => 7 * i + 3)
  const run = secret.slice(11, 11 + RUN)
  const forwards = [run, run.slice().reverse()]
  const inText = (text: string): Haystack => ({ text, raw: Buffer.alloc(0) })
  for (const bytes of forwards) {
    for (const before of [0, 1, 2, 3]) {
      const padded = Buffer.concat([Buffer.alloc(before, 0xa5), bytes, Buffer.alloc(3, 0x5a)])
      for (const spelling of ['hex', 'base64', 'base64url'] as const)
        expect(leaks(secret, inText(`"${padded.toString(spelling)}"`)).length).toBeGreaterThan(0)
      expect(leaks(secret, { text: '', raw: padded }).length).toBeGreaterThan(0)
    }
    expect(leaks(secret, inText(`:${toInteger(bytes)},`)).length).toBeGreaterThan(0)
    const within = Buffer.concat([Buffer.alloc(9, 0xa5), bytes, Buffer.alloc(7, 0x5a)])
    expect(leaks(secret, inText(`:${toInteger(within)},`)).length).toBeGreaterThan(0)
  }
  expect(leaks(secret, inText('nothing of the kind'))).toEqual([])
})
