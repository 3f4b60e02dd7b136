import { VouchError } from '@vouch/protocol'
import { member } from '@vouch/registry/testing/members'
import { newFolder, using } from '@vouch/registry/testing/registries'
import { expect, test } from 'vitest'
import { Unsettled } from '../node/trust/unsettled.js'

// What a node signed for and never saw on chain: by a clock and a chain that the test has in hand, and a real registry.

const unreachable = () => new VouchError('RPC_UNREACHABLE', { rule: 'in a test' })

test('what never came to the chain holds no place once its time has passed, and what came keeps it', async () => {
  await using(await newFolder(), async (registry) => {
    const [came, lost, late] = [member(1), member(2), member(3)]
    for (const one of [came, lost]) await registry.admit(one)
    let time = 1000
    const chain = { isAdmitted: async (credential: bigint) => credential === came.credential }
    const unsettled = new Unsettled(registry, chain, () => time)
    await unsettled.resume(registry)
    await registry.admit(late)
    unsettled.add(late.credential, time + 5000)
    const held = () =>
      Promise.all(
        [came, lost, late].map(async ({ credential }) => !(await registry.find(credential))?.removed),
      )
    time += 960
    await unsettled.settle()
    expect(await held()).toEqual([true, true, true])
    time += 1
    await unsettled.settle()
    expect(await held()).toEqual([true, false, true])
    time += 5000
    await unsettled.settle()
    expect(await held()).toEqual([true, false, false])
  })
})

test('a chain that cannot be asked keeps nobody from enrolling, and is asked again', async () => {
  await using(await newFolder(), async (registry) => {
    const [first, second] = [member(1), member(2)]
    for (const one of [first, second]) await registry.admit(one)
    let time = 1000
    let down = true
    const asked: bigint[] = []
    const chain = {
      isAdmitted: async (credential: bigint) => {
        asked.push(credential)
        if (down && credential === first.credential) throw unreachable()
        return false
      },
    }
    const unsettled = new Unsettled(registry, chain, () => time)
    await unsettled.resume(registry)
    time += 2000
    await unsettled.settle()
    expect((await registry.find(first.credential))?.removed).toBe(false)
    expect((await registry.find(second.credential))?.removed).toBe(true)
    down = false
    await Promise.all([unsettled.settle(), unsettled.settle()])
    expect((await registry.find(first.credential))?.removed).toBe(true)
    expect(asked).toEqual([first.credential, second.credential, first.credential])
    await unsettled.settle()
    expect(asked).toHaveLength(3)
  })
})

test('a fault that is nobody’s word is not taken for one', async () => {
  await using(await newFolder(), async (registry) => {
    await registry.admit(member(1))
    let time = 1000
    const chain = { isAdmitted: () => Promise.reject(new TypeError('a bug')) }
    const unsettled = new Unsettled(registry, chain, () => time)
    await unsettled.resume(registry)
    time += 2000
    await expect(unsettled.settle()).rejects.toThrow('a bug')
  })
})
