import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { concat, equalBytes } from '@vouch/protocol'
import { describe, expect, it } from 'vitest'
import type { OpenOptions } from '../node/store/index.js'
import type { Registry } from '../src/store.js'
import { crashImage, logOf, recordEnds, remembering, withLog } from '../testing/crashes.js'
import { member, NOW, newFolder, open, using as usingSlowly } from '../testing/registries.js'

const using = <Result>(
  folder: string,
  work: (registry: Registry) => Promise<Result>,
  options: Partial<OpenOptions> = {},
) => usingSlowly(folder, work, { hash: remembering, ...options })

const corrupt = { code: 'LOG_CORRUPT' }

const BANNED = new Uint8Array(32).fill(0xba)
const machines = [undefined, BANNED, member(2).machine]

/** init, head, three admissions; then what a test adds. */
async function filled(
  more: (registry: Registry) => Promise<unknown> = async () => undefined,
): Promise<string> {
  const folder = await newFolder()
  await using(folder, async (registry) => {
    for (const n of [0, 1, 2]) await registry.admit(member(n, { machine: machines[n] }))
    await more(registry)
  })
  return folder
}

describe.each<
  [string, (registry: Registry) => Promise<unknown>, removed: readonly number[], admitted: number]
>([
  ['three admissions', async () => undefined, [], 3],
  [
    'an admission, a removal and a head',
    async (registry) => {
      await registry.admit(member(3))
      await registry.remove(1, 'lost')
      await registry.cutHead({ evenIfUnchanged: true })
    },
    [1],
    4,
  ],
  [
    'an admission, a ban and a head',
    async (registry) => {
      await registry.admit(member(3, { machine: BANNED }))
      await registry.ban(BANNED, 'lost')
      await registry.cutHead({ evenIfUnchanged: true })
    },
    [1, 3],
    4,
  ],
])('a log that ends with %s, cut anywhere in these', (_, more, removed, admitted) => {
  it.each<[string, (log: Uint8Array, cut: number) => Uint8Array]>([
    ['', (log, cut) => log.subarray(0, cut)],
    [
      ' of a file that was made longer first',
      (log, cut) => concat(log.subarray(0, cut), new Uint8Array(cut % 2 === 0 ? 5000 : log.length - cut)),
    ],
  ])('keeps every record that is whole%s, and goes on from there', async (_, crashed) => {
    const folder = await filled(more)
    const log = logOf(folder)
    const ends = recordEnds(log)
    const firstCut = ends.at(-4) ?? 0
    const counts = new Set<number>()
    for (let cut = firstCut; cut <= log.length; cut++) {
      const left = crashed(log, cut)
      const whole = ends.filter((end) => equalBytes(left.subarray(0, end), log.subarray(0, end))).length
      const members = Math.min(whole - 2, admitted)
      const copy = withLog(folder, left)
      await using(copy, async (registry) => {
        expect(registry.size).toBe(members)
        for (let n = 0; n < members; n++) {
          expect(registry.isNonceUsed(member(n).nonce, member(n).credential)).toBe(true)
          expect(registry.find(member(n).credential)?.removed).toBe(
            whole >= ends.length - 1 && removed.includes(n),
          )
        }
        const isBanned = removed.length === 2 && whole >= ends.length - 1
        expect(registry.isRefused(BANNED)).toBe(isBanned)
        expect(logOf(copy)).toHaveLength(ends[whole - 1] ?? 0)
        if (cut % 10 === 0) expect(await registry.admit(member(9))).toMatchObject({ index: members })
      })
      counts.add(members)
    }
    expect(log.length - firstCut).toBeGreaterThan(300)
    expect(counts.size).toBeGreaterThan(1)
  })
})

describe('a crash', () => {
  it('loses nothing that was acknowledged since the last checkpoint', async () => {
    const folder = await filled()
    const registry = await open(folder, { hash: remembering })
    await registry.admit(member(3))
    await registry.remove(0, 'lost')
    await registry.ban(BANNED, 'lost')
    await registry.admit(member(4))
    const copy = crashImage(folder)
    const { root } = await registry.cutHead()
    await registry.close()
    await using(copy, async (after) => {
      expect(after.size).toBe(5)
      expect(after.head.seq).toBe(2)
      expect(after.isRefused(BANNED)).toBe(true)
      expect((await after.cutHead()).root).toBe(root)
    })
  })

  it('while the index is written leaves nodes of any time, which do no harm', async () => {
    const folder = await filled()
    const registry = await open(folder, { hash: remembering })
    const before = crashImage(folder)
    await registry.admit(member(3))
    await registry.remove(0, 'lost')
    await registry.ban(BANNED, 'lost')
    await registry.remove(2, 'lost')
    const { root } = await registry.cutHead()
    await registry.close()
    for (const written of [['nodes'], ['members'], ['heads'], ['nodes', 'members', 'heads']]) {
      const copy = crashImage(before)
      for (const name of [...written.map((file) => join('index', file)), 'log', 'evidence.log'])
        writeFileSync(join(copy, name), readFileSync(join(folder, name)))
      await using(copy, async (after) => {
        expect(after.head.root).toBe(root)
        expect(after.find(member(2).credential)?.removed).toBe(true)
        expect(after.isRefused(BANNED)).toBe(true)
        await after.admit(member(5))
        const head = await after.cutHead()
        expect(head.root).toBe((await rebuilt(copy, after)).root)
      })
    }
  })

  it('that left a hole in what one write had: who was told of what lies behind it, nobody can tell from the log', async () => {
    const folder = await newFolder()
    await using(folder, (registry) => Promise.all([0, 1, 2].map((n) => registry.admit(member(n)))))
    const log = logOf(folder)
    const [, , from = 0, until = 0] = recordEnds(log)
    for (const [start, end] of [
      [from, until],
      [from + 40, until],
      [from, until + 40],
    ] as const) {
      const torn = withLog(folder, log.slice().fill(0, start, end))
      await expect(open(torn, { hash: remembering })).rejects.toMatchObject({
        ...corrupt,
        given: `something else at offset ${from}`,
        hint: expect.stringContaining('docs/operators.md'),
      })
      expect(logOf(torn)).toHaveLength(log.length)
    }
  })
})

describe('rot', () => {
  it.each([
    ['the first record', 0],
    ['a record in the middle', 3],
    ['the last record', 4],
  ])('in any byte of %s is noticed', async (_, number) => {
    const folder = await filled()
    const log = logOf(folder)
    const ends = recordEnds(log)
    const from = ends[number - 1] ?? 0
    const until = ends[number] ?? 0
    for (let at = from; at < until; at++) {
      const rotten = withLog(folder, log.with(at, (log[at] ?? 0) ^ (1 << (at % 8))))
      await expect(open(rotten, { hash: remembering }), `byte ${at}`).rejects.toMatchObject(corrupt)
      expect(logOf(rotten)).toHaveLength(log.length)
    }
  })

  it('in a last record whose hash ends in a zero is not taken for a crash', async () => {
    for (let n = 0; ; n++) {
      const folder = await filled((registry) => registry.admit(member(3, { expiresAt: NOW + n })))
      const log = logOf(folder)
      if (log.at(-1) !== 0) continue
      const at = (recordEnds(log).at(-2) ?? 0) + 60
      const rotten = withLog(folder, log.with(at, (log[at] ?? 0) ^ 1))
      await expect(open(rotten, { hash: remembering })).rejects.toMatchObject(corrupt)
      return
    }
  })

  it('behind a checkpoint is noticed by whoever reads it, and by a rebuild', async () => {
    const rotten = crashImage(await filled())
    const log = logOf(rotten)
    const at = (recordEnds(log)[2] ?? 0) + 60
    writeFileSync(join(rotten, 'log'), log.with(at, (log[at] ?? 0) ^ 1))
    await using(rotten, async (registry) => {
      await expect(drain(registry.records())).rejects.toMatchObject(corrupt)
    })
    await expect(open(rotten, { rebuild: true, hash: remembering })).rejects.toMatchObject(corrupt)
  })

  it('in evidence is noticed by a rebuild', async () => {
    const rotten = crashImage(await filled())
    const evidence = new Uint8Array(readFileSync(join(rotten, 'evidence.log')))
    writeFileSync(join(rotten, 'evidence.log'), evidence.with(50, (evidence[50] ?? 0) ^ 1))
    await expect(open(rotten, { rebuild: true, hash: remembering })).rejects.toMatchObject(corrupt)
  })

  it('that took the evidence away is noticed', async () => {
    const folder = await filled()
    for (const withIndex of [true, false]) {
      const rotten = withIndex ? crashImage(folder) : withLog(folder, logOf(folder))
      rmSync(join(rotten, 'evidence.log'))
      await expect(open(rotten, { hash: remembering })).rejects.toMatchObject(corrupt)
    }
  })

  it.each(['nodes', 'checkpoint'])('in %s of the index costs a rebuild and no more', async (name) => {
    const rotten = crashImage(await filled((registry) => registry.cutHead()))
    const path = join(rotten, 'index', name)
    const bytes = new Uint8Array(readFileSync(path))
    const at = name === 'nodes' ? bytes.length - 5 : 5
    writeFileSync(path, bytes.with(at, (bytes[at] ?? 0) ^ 1))
    await using(rotten, async (registry) => {
      expect(registry.size).toBe(3)
      expect(registry.isNonceUsed(member(0).nonce, member(0).credential)).toBe(true)
    })
  })
})

describe('rot in a node of the index', () => {
  /** Nodes of height 0 lie first in their file. */
  const rotLeaf = (folder: string, index: number) => {
    const path = join(folder, 'index', 'nodes')
    const bytes = new Uint8Array(readFileSync(path))
    writeFileSync(path, bytes.with(32 * index + 9, (bytes[32 * index + 9] ?? 0) ^ 1))
  }

  it('does no harm to insertions', async () => {
    const rotten = await filled((registry) => registry.cutHead())
    rotLeaf(rotten, 2) // the sibling of the next leaf
    await using(rotten, async (registry) => {
      await registry.admit(member(3))
      const { root } = await registry.cutHead()
      expect(root).toBe((await rebuilt(rotten, registry)).root)
    })
  })

  it('stops a removal that would read it, and a new index does not have it', async () => {
    const rotten = await filled((registry) => registry.cutHead())
    rotLeaf(rotten, 1)
    await using(rotten, async (registry) => {
      await expect(registry.remove(0, 'lost')).rejects.toMatchObject(corrupt)
      expect(registry.head.seq).toBe(1)
    })
    rmSync(join(rotten, 'index'), { recursive: true })
    await using(rotten, (registry) => registry.remove(0, 'lost'))
  })
})

describe('a log that goes back in time', () => {
  it('is refused beside the index that knows more', async () => {
    const folder = await filled()
    truncateSync(join(folder, 'log'), recordEnds(logOf(folder))[3])
    await expect(open(folder)).rejects.toMatchObject(corrupt)
  })

  it('is refused beside the head that knows more', async () => {
    const old = await filled()
    const log = logOf(old)
    await using(old, (registry) => registry.cutHead())
    writeFileSync(join(old, 'log'), log)
    rmSync(join(old, 'index'), { recursive: true })
    await expect(open(old, { hash: remembering })).rejects.toMatchObject({
      ...corrupt,
      given: 'head 1 beside a log that ends with head 0',
    })
  })

  it('and one without a sense are refused', async () => {
    const log = logOf(await filled())
    const [afterInit = 0] = recordEnds(log)
    for (const nonsense of [
      new Uint8Array(),
      log.subarray(0, afterInit),
      concat(log, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)),
    ])
      await expect(open(withLog(await filled(), nonsense))).rejects.toMatchObject(corrupt)
  })
})

async function rebuilt(folder: string, registry: Registry): Promise<{ root: bigint }> {
  const copy = crashImage(folder)
  return using(
    copy,
    async ({ head, size }) => {
      expect(size).toBe(registry.size)
      return { root: head.root }
    },
    { rebuild: true },
  )
}

async function drain(records: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of records);
}
