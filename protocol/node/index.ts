// What every command line shares: arguments, files, the terminal and the words on it.

export { bytesArgument, fieldArgument, numberArgument } from './arguments.js'
export { parseNamedFile, readNamedFile, writeWhole } from './files.js'
export type { Terminal } from './terminal.js'
export { clearAwayWhenInterrupted, clock, parseTime, runCommand, runProgram, terminal } from './terminal.js'
export { dateOf, fieldHex, preview, table } from './words.js'
