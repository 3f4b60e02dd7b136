import { EXIT_OF, exitStatus, sentence, VouchError } from '../src/index.js'

/** Where a command speaks: data on stdout, words on stderr. */
export interface Terminal {
  readonly program: string
  data(text: string): void
  words(text: string): void
}

export function terminal(program: string): Terminal {
  return {
    program,
    data: (text) => process.stdout.write(`${text}\n`),
    words: (text) => process.stderr.write(`${text}\n`),
  }
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

function sayFailure(out: Terminal, error: VouchError, json: boolean): void {
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

/** A time given by hand: seconds since 1970, or a date such as 2027-03-01T12:00:00Z. */
export function parseTime(text: string): number {
  const seconds = /^[0-9]{1,12}$/.test(text)
    ? Number(text)
    : /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/.test(text)
      ? Date.parse(text) / 1000
      : Number.NaN
  if (Number.isSafeInteger(seconds)) return seconds
  throw new VouchError('USAGE', {
    rule: 'a time must be seconds since 1970 or a date in UTC',
    given: text,
    hint: 'for example 1790000000 or 2026-09-21T14:13:20Z',
  })
}

/** Now, in whole seconds. */
export function clock(): number {
  return Math.floor(Date.now() / 1000)
}
