import { shown, VouchError } from '@vouch/protocol'
import type { Terminal } from '../terminal/terminal.js'
import { type EventFacts, type LogLevel, openLog, withoutSecrets } from './log.js'

/** Where a server speaks: it says what a command says, and tells events with their facts. */
export interface ServerTerminal extends Terminal {
  event(event: string, facts?: EventFacts, level?: LogLevel): void
}

/** How a server's operator wants to hear from it. */
export interface LogOptions {
  readonly log?: string | undefined
}

/** The level and the code of what a command says: `registrar: error: no room [STORAGE_FAILED]`. */
const SAID = /^(?:[a-z-]+: )?(?:(error|warning|hint): )?(.*?(?: \[([A-Z_]+)\])?)$/s
const LEVELS: Readonly<Record<string, LogLevel>> = { error: 'error', warning: 'warn' }

/**
 * A terminal for a server: words where a person sits before it, and lines of JSON for whatever gathers logs. `standard` is how it speaks to a
 * person unless told otherwise.
 */
export async function serverTerminal(
  out: Terminal,
  { log }: LogOptions,
  standard: 'words' | 'json' = process.stderr.isTTY ? 'words' : 'json',
): Promise<ServerTerminal> {
  const format = log ?? standard
  if (format === 'words')
    return { ...out, event: (event, facts) => out.words(inWords(out.program, event, facts)) }
  if (format !== 'json')
    throw new VouchError('USAGE', { rule: '--log must be json or words', given: shown(format) })
  const write = await openLog(out.program, (line) => out.words(line))
  return {
    ...out,
    words: (said) => {
      const [, kind = '', text = '', code] = SAID.exec(said) ?? []
      write(LEVELS[kind] ?? 'info', 'said', { text, code })
    },
    event: (event, facts = {}, level = 'info') => write(level, event, facts),
  }
}

function inWords(program: string, event: string, facts: EventFacts = {}): string {
  const told = Object.entries(withoutSecrets(facts) as EventFacts).flatMap(([name, fact]) =>
    fact === undefined ? [] : [`${name} ${String(fact)}`],
  )
  return [`${program}: ${event}`, ...told].join(', ')
}
