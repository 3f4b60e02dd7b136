// One launch: opens a registrar's folder as `registrar admit` and `registrar remove` do. It runs from the build and under
// nothing but Node, so that its memory is an operator's.

import { openRegistrar } from '@vouch/registry/node'

process.once('message', async (/** @type {{ folder: string, key: string }} */ { folder, key }) => {
  const start = performance.now()
  const registrar = await openRegistrar(folder, { key })
  process.send?.({ time: performance.now() - start, leaves: registrar.registry.size })
})

// Whoever asked has read its memory by then. The lock that is left behind names a process that has ended.
process.once('disconnect', () => process.exit())
