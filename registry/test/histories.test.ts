import { registryLeaf } from '@vouch/protocol'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Registry } from '../src/store.js'
import { remembering } from '../testing/crashes.js'
import { member, newFolder, open, rootOf } from '../testing/registries.js'

type Step =
  | { readonly kind: 'admit'; readonly count: number }
  | { readonly kind: 'remove' | 'ban'; readonly which: number }
  | { readonly kind: 'head' | 'reopen' | 'rebuild' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('admit' as const), count: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('remove' as const, 'ban' as const), which: fc.nat() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('head' as const, 'reopen' as const, 'rebuild' as const) }),
  },
)

it('after any history the root is that of the leaves, and what was removed never comes back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const folder = await newFolder()
      const leaves: bigint[] = []
      let registry = await open(folder, { hash: remembering })
      for (const one of steps) {
        registry = await take(registry, one, leaves, folder)
        const { root } = await registry.cutHead()
        expect(root).toBe(rootOf(leaves))
      }
      await registry.close()
    }),
    { numRuns: 25 },
  )
})

const MACHINES = 3
const machineOf = (n: number) => new Uint8Array(32).fill(n % MACHINES)

async function take(registry: Registry, step: Step, leaves: bigint[], folder: string): Promise<Registry> {
  switch (step.kind) {
    case 'admit': {
      const members = Array.from({ length: step.count }, (_, i) => {
        const n = leaves.length + i
        return member(n, { machine: machineOf(n) })
      })
      await Promise.all(members.map((one) => registry.admit(one)))
      leaves.push(
        ...members.map(({ credential, policyId, expiresAt }) =>
          registryLeaf(credential, policyId, expiresAt),
        ),
      )
      return registry
    }
    case 'remove': {
      const index = leaves.length === 0 ? 0 : step.which % leaves.length
      if (leaves[index] === undefined || leaves[index] === 0n) {
        await expect(registry.remove(index, '')).rejects.toMatchObject({ code: 'LEAF_MISSING' })
        return registry
      }
      await registry.remove(index, 'test')
      leaves[index] = 0n
      const again = member(index, { nonce: member(index + 1000).nonce })
      await expect(registry.admit(again)).rejects.toMatchObject({ code: 'CREDENTIAL_REFUSED' })
      return registry
    }
    case 'ban': {
      const machine = machineOf(step.which)
      await registry.ban(machine, 'test')
      for (const [index] of leaves.entries())
        if (index % MACHINES === step.which % MACHINES) leaves[index] = 0n
      const again = member(leaves.length + 2000, { machine })
      await expect(registry.admit(again)).rejects.toMatchObject({ code: 'MACHINE_REFUSED' })
      await registry.pardon(machine, 'test')
      return registry
    }
    case 'head':
      await registry.cutHead({ evenIfUnchanged: true })
      return registry
    case 'reopen':
    case 'rebuild':
      await registry.close()
      return open(folder, { hash: remembering, rebuild: step.kind === 'rebuild' })
  }
}
