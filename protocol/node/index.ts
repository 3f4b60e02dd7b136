// What every command line shares: arguments, files, what is fetched, the terminal and the words on it.

export { bytesArgument, durationArgument, fieldArgument, numberArgument } from './arguments.js'
export type { Bounds } from './fetch.js'
export { fetchBounded } from './fetch.js'
export {
  assertRoom,
  assertWritable,
  makeFolder,
  mergeUnread,
  parseNamedFile,
  readAll,
  readNamedFile,
  renameDurably,
  syncFolder,
  systemReason,
  writeWhole,
} from './files.js'
export {
  createOnce,
  createPrivateFile,
  parsePrivateFile,
  privateFolder,
  writePrivateFile,
} from './private-files.js'
export { runProgram, usageWords } from './program.js'
export type { Terminal } from './terminal.js'
export {
  clearAwayWhenInterrupted,
  clock,
  drained,
  parseTime,
  runCommand,
  sayFailure,
  terminal,
  untilInterrupted,
} from './terminal.js'
export { versionOf } from './version.js'
export { dateOf, fieldHex, preview, table } from './words.js'
