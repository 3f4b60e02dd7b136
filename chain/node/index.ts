// The public names for programs that read or change a chain. This entry loads viem, which takes a fifth of a second: a
// program imports it where a chain is asked for, and nowhere before.

export { accountOf } from './client/account.js'
export { addressArgument } from './client/addresses.js'
export type { Chain, ChainOptions } from './client/client.js'
export { isDevelopmentChain, openChain } from './client/client.js'
export { hostOf } from './client/faults.js'
export { create, transact } from './client/send.js'
export type { Deployed, Settings } from './deploy.js'
export { deploy } from './deploy.js'
export type { ConsumerContract } from './gateway.js'
export { callGateway, readConsumer, requestFor } from './gateway.js'
export type { ChainSynced, ChainSyncParameters } from './sync/sync.js'
export { registryIdOf, syncChain } from './sync/sync.js'
export { nodeSiteOf } from './trust/http.js'
export type { TrustNode } from './trust/trust-node.js'
export { openTrustNode } from './trust/trust-node.js'
