// What every command line shares: arguments, files, what is fetched, the terminal and the words on it.

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
} from './files/files.js'
export {
  createOnce,
  createPrivateFile,
  parsePrivateFile,
  privateFolder,
  writePrivateFile,
} from './files/private-files.js'
export { readSecret, writeSecret } from './files/secret-files.js'
export { KEY_WORDS, openSigner } from './keys/open-signer.js'
export type { EventFacts, LogLevel } from './log/log.js'
export type { LogOptions, ServerTerminal } from './log/server-terminal.js'
export { serverTerminal } from './log/server-terminal.js'
export { bytesArgument, durationArgument, fieldArgument, numberArgument } from './terminal/arguments.js'
export { runProgram, usageWords } from './terminal/program.js'
export type { Terminal } from './terminal/terminal.js'
export {
  clearAwayWhenInterrupted,
  clock,
  drained,
  parseTime,
  runCommand,
  sayFailure,
  terminal,
  untilInterrupted,
} from './terminal/terminal.js'
export { versionOf } from './terminal/version.js'
export { dateOf, fieldHex, preview, table } from './terminal/words.js'
