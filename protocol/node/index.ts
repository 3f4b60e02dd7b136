// What every command line shares: files, the terminal, and what is fetched.

export { fetchBounded } from './fetch.js'
export { parseNamedFile, readNamedFile, writeWhole } from './files.js'
export type { Terminal } from './terminal.js'
export { clearAwayWhenInterrupted, clock, parseTime, runCommand, runProgram, terminal } from './terminal.js'
export { versionOf } from './version.js'
