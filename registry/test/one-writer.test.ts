import { describe, expect, it } from 'vitest'
import { readRegistry } from '../node/store/index.js'
import { member, newFolder, now, open, using } from '../testing/registries.js'
import { buildWriter, Writer } from './support/processes.js'

// A registry in its folder has one writer, by a lock that the kernel lets go of, however the writer ends.

const locked = { code: 'LOCKED', hint: expect.stringContaining('end that process') }

describe('a second writer', () => {
  it('is refused while the first one lives, and let in when that one has ended', async () => {
    const folder = await newFolder()
    const first = new Writer(await buildWriter(), ['hold', folder])
    await first.until('held')
    await expect(open(folder)).rejects.toMatchObject(locked)
    await readRegistry(folder, { now }, async (view) =>
      expect(await view.counts()).toMatchObject({ admitted: 0 }),
    )
    first.process.stdin?.end('enough\n')
    await first.end()
    expect(first.lines).toEqual(['held', 'released'])
    await (await open(folder)).close()
  })

  it('takes over from one that was killed', async () => {
    const folder = await newFolder()
    const first = new Writer(await buildWriter(), ['hold', folder])
    await first.until('held')
    await first.kill()
    await using(folder, (registry) => registry.admit(member(0)))
  })

  it('in the same process is refused too, and one that failed to open leaves no lock', async () => {
    const folder = await newFolder()
    const first = await open(folder)
    await expect(open(folder)).rejects.toMatchObject(locked)
    await first.close()
    await expect(
      open(folder, {
        clock: {
          elapsed: () => {
            throw new Error('no clock')
          },
        },
      }),
    ).rejects.toThrow('no clock')
    await (await open(folder)).close()
  })

  it('is one of many who come at the same time', async () => {
    const folder = await newFolder()
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => open(folder)))
    const opened = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(opened).toHaveLength(1)
    for (const one of opened) await one.close()
  })
})
