// The public names of the contracts, by concept. A test holds a copy of this list: a change to it is a change of the API.

export { contractErrorsAbi, credentialRegistryAbi, vouchedBoardAbi, vouchVerifierAbi } from './abi.js'
