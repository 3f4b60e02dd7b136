export { contractErrorsAbi, credentialRegistryAbi, vouchedBoardAbi, vouchVerifierAbi } from './abi.js'
