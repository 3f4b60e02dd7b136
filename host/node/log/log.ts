export type LogLevel = 'info' | 'warn' | 'error'
export type EventFacts = Readonly<Record<string, unknown>>

/** Names of facts that are secrets, in any spelling of their words. No fact of ours has one; one that a mistake brings is not shown. */
const SECRET =
  /^(?:key|token|auth|authorization|cookie|credential|passphrase|.*(?:secret|password|private|api).*)$/i
/** Whose word opens a database or a server: `postgres://registrar:word@host`. */
const USER_IN_URL = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi
const REDACTED = '[redacted]'
const DEEPEST = 6

/** Writes lines of one shape: level, time, program, event, and then the facts. The library is loaded by servers alone. */
export async function openLog(
  program: string,
  write: (line: string) => void,
): Promise<(level: LogLevel, event: string, facts: EventFacts) => void> {
  const { pino } = await import('pino')
  const log = pino(
    {
      base: { program },
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    { write: (line) => write(line.trimEnd()) },
  )
  return (level, event, facts) => log[level]({ event, ...(withoutSecrets(facts) as EventFacts) })
}

/** The same facts, with nothing in them that opens anything. */
export function withoutSecrets(fact: unknown, depth = 0): unknown {
  if (typeof fact === 'string') return fact.replace(USER_IN_URL, `$1${REDACTED}@`)
  if (typeof fact !== 'object' || fact === null) return fact
  if (depth === DEEPEST) return REDACTED
  if (Array.isArray(fact)) return fact.map((one) => withoutSecrets(one, depth + 1))
  const entries = Object.entries(fact).map(([name, value]) => [
    name,
    SECRET.test(name) ? REDACTED : withoutSecrets(value, depth + 1),
  ])
  return Object.fromEntries(entries)
}
