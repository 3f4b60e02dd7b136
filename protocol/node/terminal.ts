import { once } from 'node:events'
import { EXIT_OF, exitStatus, MAX_TIME, sentence, shown, VouchError } from '../src/index.js'

/** Where a command speaks: data on stdout, words on stderr. */
export interface Terminal {
  readonly program: string
  data(text: string): void
  words(text: string): void
}

export function terminal(program: string): Terminal {
  // A reader that has gone (`| head -1`) or a full disk behind stdout: nobody was told what was decided.
  for (const stream of [process.stdout, process.stderr])
    stream.once('error', () => process.exit(EXIT_OF.INTERNAL))
  return {
    program,
    data: (text) => process.stdout.write(`${text}\n`),
    words: (text) => process.stderr.write(`${text}\n`),
  }
}

/** Waits until stdout has taken what was said: a long list must not pile up in memory before a slow reader. */
export async function drained(): Promise<void> {
  if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain')
}

/**
 * Runs a command and ends with the exit status that its outcome calls for. Every error is said in words, with what to do
 * about it; a stack trace is for our own bugs, and even then only when `VOUCH_DEBUG` asks for it.
 */
export async function runCommand(
  out: Terminal,
  json: boolean,
  command: () => Promise<number>,
): Promise<void> {
  try {
    process.exitCode = await command()
  } catch (error) {
    const known = error instanceof VouchError ? error : unexpected(error)
    sayFailure(out, known, json)
    process.exitCode = exitStatus([known])
  }
}

/** What a parser of arguments throws where it would end the process: commander's errors, by their shape. */
interface ParserEnd {
  readonly code: string
  readonly exitCode: number
  readonly message: string
}

const isParserEnd = (error: unknown): error is ParserEnd =>
  error instanceof Error &&
  'exitCode' in error &&
  'code' in error &&
  String(error.code).startsWith('commander.')

/** Parses arguments and runs the command that they name. What the parser refuses is a usage error like any other. */
export async function runProgram(out: Terminal, parse: () => Promise<unknown>): Promise<void> {
  try {
    await parse()
  } catch (error) {
    if (!isParserEnd(error)) throw error
    if (error.exitCode === 0) return
    const isHelp = error.code.startsWith('commander.help')
    const said = error.message.replace(/^error: /, '').replace(/[^\x20-\x7e]/g, '?')
    const rule = isHelp ? 'a command must be given that there is' : said
    const usage = new VouchError('USAGE', { rule, hint: `${out.program} --help shows an example` })
    await runCommand(out, process.argv.includes('--json'), () => Promise.reject(usage))
  }
}

/** Says why a command fails: in words, and as data where that was asked for. */
export function sayFailure(out: Terminal, error: VouchError, json: boolean): void {
  const { code, rule, given, hint } = error
  if (json) out.data(JSON.stringify({ error: { code, exit: EXIT_OF[code], rule, given, hint } }))
  out.words(`${out.program}: error: ${sentence(error)} [${code}]`)
  if (hint !== undefined) out.words(`${out.program}: hint: ${hint}`)
  if (process.env.VOUCH_DEBUG !== undefined && error.cause !== undefined) out.words(String(error.cause))
}

/** A bug of ours, or a failing machine. Its text may hold anything, so it is shown to those alone who ask for it. */
function unexpected(cause: unknown): VouchError {
  return new VouchError(
    'INTERNAL',
    {
      rule: 'the program met something that it did not expect',
      hint: 'run again with VOUCH_DEBUG=1 and report what it prints',
    },
    { cause: cause instanceof Error ? (cause.stack ?? cause.message) : cause },
  )
}

/** A command that is interrupted clears away after itself: what waits for the process's end still runs. */
export function clearAwayWhenInterrupted(): void {
  for (const [signal, status] of INTERRUPTS) process.once(signal, () => process.exit(status))
}

/** As a shell reports a command that a signal ended: 128 and the signal's number. */
const INTERRUPTS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const

/** A time given by hand: seconds since 1970, or a date such as 2027-03-01T12:00:00Z. */
export function parseTime(text: string): number {
  const seconds = /^[0-9]{1,12}$/.test(text)
    ? Number(text)
    : /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/.test(text)
      ? Date.parse(text) / 1000
      : Number.NaN
  const isDate = !text.includes('-') || new Date(seconds * 1000).toISOString().startsWith(text.slice(0, 10))
  if (Number.isSafeInteger(seconds) && seconds >= 0 && seconds <= MAX_TIME && isDate) return seconds
  throw new VouchError('USAGE', {
    rule: 'a time must be seconds since 1970 or a date in UTC',
    given: shown(text),
    hint: 'for example 1790000000 or 2026-09-21T14:13:20Z',
  })
}

/** Now, in whole seconds. */
export function clock(): number {
  return Math.floor(Date.now() / 1000)
}
