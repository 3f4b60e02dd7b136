// What every command line shares: files and the terminal.

export { parseNamedFile, readNamedFile, writeWhole } from './files.js'
export type { Terminal } from './terminal.js'
export { clearAwayWhenInterrupted, clock, parseTime, runCommand, runProgram, terminal } from './terminal.js'
