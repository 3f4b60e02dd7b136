// One launch: opens a registrar's folder as `registrar admit` and `registrar remove` do. It runs from the build and under
// nothing but Node, so that its memory is an operator's.

import { openRegistrar } from '@vouch/registry/node'

process.once('message', async (/** @type {{ folder: string, key: string }} */ { folder, key }) => {
  const start = performance.now()
  const registrar = await openRegistrar(folder, { key })
  const time = performance.now() - start
  const { admitted } = await registrar.registry.counts()
  process.send?.({ time, leaves: admitted })
})

// The parent disconnects after it has read this process's memory. The kernel then releases the registry's lock.
process.once('disconnect', () => process.exit())
