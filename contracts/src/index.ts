// The public names of the contracts, by concept. A test holds a copy of this list: a change to it is a change of the API.

export { contractErrorsAbi, credentialRegistryAbi, vouchedBoardAbi, vouchVerifierAbi } from './abi.js'
export type { Consumer, ContractPolicy, Question } from './consumer.js'
export { acceptanceOf, contractPolicyOf, NO_SIGNER, questionOf, requestOf } from './consumer.js'
export type { CompactSignature, Place } from './messages.js'
export {
  CHANGE_KINDS,
  compactSignature,
  gatewayDomain,
  inOrder,
  messageTypes,
  ROUTE_ACTIONS,
  registryDomain,
} from './messages.js'
export type { Revert, RevertName } from './reverts.js'
export { decodeRevert, explainRevert, revertIn } from './reverts.js'
