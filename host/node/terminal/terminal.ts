import { once } from 'node:events'
import { EXIT_OF, exitStatus, MAX_TIME, sentence, shown, VouchError } from '@vouch/protocol'

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

/** What ends the process when a signal comes. */
const leaving = new Map<NodeJS.Signals, () => void>()

/** A command that is interrupted clears away after itself: what waits for the process's end still runs. */
export function clearAwayWhenInterrupted(): void {
  for (const [signal, status] of INTERRUPTS) {
    const leave = (): void => process.exit(status)
    leaving.set(signal, leave)
    process.once(signal, leave)
  }
}

/** For a command that runs until it is interrupted: that is its end, and no failure. A second signal ends it at once. */
export function untilInterrupted(): AbortSignal {
  const controller = new AbortController()
  for (const [signal] of INTERRUPTS) {
    process.off(signal, leaving.get(signal) ?? (() => undefined))
    process.once(signal, () => controller.abort())
  }
  return controller.signal
}

/** As a shell reports a command that a signal ended: 128 and the signal's number. */
const INTERRUPTS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const

const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/

/** A time given by hand: seconds since 1970, or a date such as 2027-03-01T12:00:00Z. */
export function parseTime(text: string): number {
  const seconds = /^[0-9]{1,12}$/.test(text) ? Number(text) : DATE.test(text) ? secondsOf(text) : undefined
  if (seconds !== undefined && seconds >= 0 && seconds <= MAX_TIME) return seconds
  throw new VouchError('USAGE', {
    rule: `${shown(text)} is no time; a time is seconds since 1970, or a date in UTC`,
    hint: 'for example 1790000000 or 2026-09-21T14:13:20Z',
  })
}

/** Undefined for a day or an hour that there is not: a parser of dates may take 30 February for 2 March. */
function secondsOf(date: string): number | undefined {
  const milliseconds = Date.parse(date)
  if (Number.isNaN(milliseconds)) return undefined
  return new Date(milliseconds).toISOString().startsWith(date.slice(0, 10)) ? milliseconds / 1000 : undefined
}

/** Now, in whole seconds. */
export function clock(): number {
  return Math.floor(Date.now() / 1000)
}
