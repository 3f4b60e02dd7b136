export type { Lie, TestChain } from './chains.js'
export { noAddress, policy, policyId, Raw, startLyingServer, startTestChain } from './chains.js'
