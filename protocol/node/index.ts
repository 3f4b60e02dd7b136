// What every command line shares: files and the terminal.

export { readNamedFile, writeWhole } from './files.js'
export type { Terminal } from './terminal.js'
export { clock, parseTime, runCommand, terminal } from './terminal.js'
