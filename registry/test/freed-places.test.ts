import { describe, expect, test } from 'vitest'
import { member, NOW, newFolder, using } from '../testing/registries.js'

// Places follow from the records alone. What happens to them between two heads, a rebuild could not know.

describe('what changes no leaf has its head all the same', () => {
  test('a place that a removed member gives back is free by a head that says so, and a rebuild gives it to the same member', async () => {
    const folder = await newFolder()
    const [first, second, third] = [1, 2, 3].map((n) => member(n, { expiresAt: NOW + n * 3600 }))
    if (first === undefined || second === undefined || third === undefined) return expect.unreachable()
    let time = NOW
    const options = { now: () => time }
    await using(
      folder,
      async (registry) => {
        for (const one of [first, second]) await registry.admit(one)
        await registry.cutHead()
        const { seq } = await registry.remove(first.credential, 'sold')
        time += 3601
        expect((await registry.cutHead()).seq).toBe(seq + 1)
        expect((await registry.cutHead()).seq).toBe(seq + 1)
        await registry.admit(third)
        await registry.cutHead()
        expect(await registry.find(third.credential)).toMatchObject({ place: 0 })
      },
      options,
    )
    const place = await using(folder, async (registry) => (await registry.find(third.credential))?.place, {
      ...options,
      rebuild: true,
    })
    expect(place).toBe(0)
  })

  test('a member that expired while it waited gets no place later, when the clock was set back', async () => {
    const folder = await newFolder()
    const [brief, later] = [member(1, { expiresAt: NOW + 3600 }), member(2, { expiresAt: NOW + 9 * 3600 })]
    let time = NOW
    const options = { now: () => time }
    await using(
      folder,
      async (registry) => {
        await registry.admit(brief)
        time += 3601
        await registry.cutHead()
        time = NOW
        await registry.admit(later)
        await registry.cutHead()
        expect(await registry.find(brief.credential)).toMatchObject({ place: undefined })
      },
      options,
    )
    const found = await using(folder, (registry) => registry.find(later.credential), {
      ...options,
      rebuild: true,
    })
    expect(found).toMatchObject({ place: 0 })
  })
})
