// The public names for whoever reads or changes a chain. Importing this file costs nothing: viem is loaded when a chain is opened.

export { accountOf } from './account.js'
export { addressArgument } from './addresses.js'
export type { Chain, ChainOptions } from './client.js'
export { isDevelopmentChain, openChain, transact } from './client.js'
export type { Deployed, Settings } from './deploy.js'
export { deploy } from './deploy.js'
export { hostOf } from './faults.js'
export type { ContractErrorName } from './refusals.js'
export { CODE_OF_CONTRACT_ERROR } from './refusals.js'
export type { ChainSynced, ChainSyncParameters } from './sync.js'
export { registryIdOf, syncChain } from './sync.js'
