// Commands that need a chain, for the program that has them. Nothing here loads viem before such a command runs.

export { blocksOf } from './options.js'
export { addChainCommands, type Shared } from './program.js'
