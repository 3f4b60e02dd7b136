import { changesIn, MAX_CHANGES } from '@vouch/protocol'
import { expect, it } from 'vitest'
import { quickHash as hash, member, NOW } from '../testing/members.js'
import { newFolder, using } from '../testing/registries.js'

// More members than one head may place, and more expired ones than one head may empty.

it('are settled by as many heads as it takes, one after another, and a rebuild comes to the same', async () => {
  const folder = await newFolder()
  let time = NOW
  const options = { hash, now: () => time, clock: { maxAhead: 1e9 } }
  const count = MAX_CHANGES + 900
  const root = await using(
    folder,
    async (registry) => {
      const admit = (n: number, hours: number) => registry.admit(member(n, { expiresAt: NOW + 3600 * hours }))
      await Promise.all(Array.from({ length: count }, (_, n) => admit(n, 1)))
      expect(await registry.cutHead()).toMatchObject({ seq: 2, size: count })
      expect(await registry.counts()).toEqual({ admitted: count, waiting: 0 })
      const index = await registry.index()
      expect(index && changesIn(index)).toHaveLength(900)
      time += 3601
      await Promise.all([0, 1, 2].map((n) => admit(count + n, 9)))
      const emptied = await registry.cutHead()
      expect(emptied).toMatchObject({ seq: 5, size: count + 3 })
      expect(await registry.find(member(0).credential)).toMatchObject({ place: undefined })
      return emptied.root
    },
    options,
  )
  await using(folder, async (registry) => expect((await registry.head()).root).toBe(root), {
    ...options,
    rebuild: true,
  })
})
