import { headDigest, isHeadSigned, signedHead, signHead, toHex } from '@vouch/protocol'
import { describe, expect, it } from 'vitest'
import { type HeadDue, nextHeadContent } from '../src/heads.js'

const secret = new Uint8Array(32).fill(7)
const first: HeadDue = {
  registryId: new Uint8Array(32).fill(1),
  before: undefined,
  size: 0,
  root: 5n,
  refusesEarlierRoots: false,
  now: 1000,
}
const before = signHead(nextHeadContent(first), secret)

describe('the content of the head that is due', () => {
  it('is the first one, where there is none yet', () => {
    expect(nextHeadContent(first)).toMatchObject({ seq: 0, size: 0, previousRoot: 0n, time: 1000 })
  })

  it('lets the root before stand, unless something was removed', () => {
    const due = { ...first, before, size: 2, root: 6n }
    expect(nextHeadContent(due)).toMatchObject({ seq: 1, previousRoot: 5n })
    expect(nextHeadContent({ ...due, refusesEarlierRoots: true })).toMatchObject({ seq: 1, previousRoot: 0n })
  })

  it('has no time before that of the last head, whatever the clock says', () => {
    expect(nextHeadContent({ ...first, before, now: 900 }).time).toBe(1000)
    expect(nextHeadContent({ ...first, before, now: 1001 }).time).toBe(1001)
  })

  it('never has fewer leaves than before', () => {
    const larger = signHead({ ...before, size: 3 }, secret)
    expect(() => nextHeadContent({ ...first, before: larger, size: 2 })).toThrow(
      expect.objectContaining({ code: 'LOG_CORRUPT' }),
    )
  })

  it('is signed elsewhere as it is at hand', () => {
    const due = { ...first, before, size: 1, root: 7n }
    const content = nextHeadContent(due)
    const here = signHead(content, secret)
    expect(isHeadSigned(here)).toBe(true)
    expect(signedHead(content, here.signer, here.signature)).toEqual(here)
    expect(toHex(headDigest(content))).toBe(toHex(headDigest(here)))
  })
})
