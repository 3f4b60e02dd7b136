// What every command line shares: arguments, files, what is fetched, the terminal and the words on it.

export { bytesArgument, fieldArgument, numberArgument } from './arguments.js'
export type { Bounds } from './fetch.js'
export { fetchBounded } from './fetch.js'
export {
  assertRoom,
  assertWritable,
  makeFolder,
  parseNamedFile,
  readNamedFile,
  renameDurably,
  syncFolder,
  writeWhole,
} from './files.js'
export {
  createOnce,
  createPrivateFile,
  parsePrivateFile,
  privateFolder,
  writePrivateFile,
} from './private-files.js'
export type { Terminal } from './terminal.js'
export {
  clearAwayWhenInterrupted,
  clock,
  drained,
  parseTime,
  runCommand,
  runProgram,
  sayFailure,
  terminal,
} from './terminal.js'
export { versionOf } from './version.js'
export { dateOf, fieldHex, preview, table } from './words.js'
