export type { Consumer, ContractPolicy, Question } from './consumer.js'
export { acceptanceOf, contractPolicyOf, NO_SIGNER, questionOf, requestOf } from './consumer.js'
export type { Decision, DecisionKind } from './decision.js'
export { decisionCodec, parseDecision, printDecision } from './decision.js'
export type { CompactSignature, ContractPlace } from './messages.js'
export {
  CHANGE_KINDS,
  compactSignature,
  gatewayDomain,
  inOrder,
  messageTypes,
  ROUTE_ACTIONS,
  registryDomain,
} from './messages.js'
export type { Endorsement, Proposal } from './proposal.js'
export {
  endorsementCodec,
  parseEndorsement,
  parseProposal,
  printEndorsement,
  printProposal,
  proposalCodec,
} from './proposal.js'
export type { Revert, RevertName } from './reverts.js'
export { decodeRevert, explainRevert, revertIn } from './reverts.js'
