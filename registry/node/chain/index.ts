// The public names for whoever reads or changes a chain. It loads viem, which takes a fifth of a second: it is imported
// where a chain is asked for, and nowhere before.

export { accountOf } from './account.js'
export { addressArgument } from './addresses.js'
export type { Chain, ChainOptions } from './client.js'
export { create, isDevelopmentChain, openChain, transact } from './client.js'
export type { ConsumerContract } from './consumer.js'
export { callGateway, readConsumer, requestFor } from './consumer.js'
export type { Deployed, Settings } from './deploy.js'
export { deploy } from './deploy.js'
export { hostOf } from './faults.js'
export type { ChainSynced, ChainSyncParameters } from './sync.js'
export { registryIdOf, syncChain } from './sync.js'
