import { VouchError } from '@vouch/protocol'
import { runCommand, type Terminal } from './terminal.js'

/** A parser of arguments, as far as it is used here: commander's `Command`, by its shape. */
export interface Program {
  readonly commands: readonly Program[]
  readonly parent: Program | null
  readonly args: readonly string[]
  name(): string
  exitOverride(end: (end: ParserEnd) => void): unknown
  configureOutput(writers: Readonly<Record<'writeOut' | 'writeErr' | 'outputError', Writer>>): unknown
  parseAsync(): Promise<unknown>
}

type Writer = (text: string) => void

/** What the parser throws where it would end the process. */
interface ParserEnd {
  readonly code: string
  readonly exitCode: number
  readonly message: string
}

/** Parses arguments and runs the command that they name. What the parser refuses is a usage error like any other. */
export async function runProgram(out: Terminal, program: Program): Promise<void> {
  let refusal: { readonly at: Program; readonly end: ParserEnd } | undefined
  for (const at of all(program)) {
    const silent = (): void => undefined
    at.configureOutput({
      writeOut: (text) => out.data(text.trimEnd()),
      writeErr: silent,
      outputError: silent,
    })
    at.exitOverride((end) => {
      refusal = { at, end }
      throw end
    })
  }
  try {
    await program.parseAsync()
  } catch (error) {
    if (refusal === undefined || error !== refusal.end) throw error
    if (refusal.end.exitCode === 0) return
    const usage = usageError(refusal.at, refusal.end)
    await runCommand(out, process.argv.includes('--json'), () => Promise.reject(usage))
  }
}

const all = (program: Program): readonly Program[] => [program, ...program.commands.flatMap(all)]

function usageError(at: Program, { code, message }: ParserEnd): VouchError {
  const hint = `${pathTo(at)} --help says more`
  const said = code === 'commander.help' ? withoutCommand(at) : usageWords(message.replace(/^error: /, ''))
  const isOpen = /^no command/.test(said) && !said.includes('; did you mean ')
  const commands = at.commands.map((command) => command.name()).join(', ')
  return new VouchError('USAGE', { rule: isOpen ? `${said}; commands: ${commands}` : said, hint })
}

/** Help is shown where none was asked for: no command was given, or one that there is not, behind `help`. */
function withoutCommand({ args: [first, second] }: Program): string {
  return first === 'help' && second !== undefined
    ? usageWords(`unknown command '${second}'`)
    : 'no command given'
}

/** As it is typed: `bob policy check`. */
const pathTo = (at: Program): string => (at.parent === null ? at.name() : `${pathTo(at.parent)} ${at.name()}`)

/** What parsers of arguments say, and how it is said here: the fact, then the way out. */
const REWORDED: readonly (readonly [RegExp, string])[] = [
  [/^unknown (command|option) '(.*)'$/i, "no $1 '$2'"],
  [/^missing required argument '(.*)'$/, 'the argument <$1> is missing'],
  [/^required option '(.*)' not specified$/, 'the option $1 is missing'],
  [/^option '(.*)' argument (?:missing|is ambiguous\..*)$/i, 'the option $1 has no value'],
  [
    /^option '(.*)' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/,
    "the option $1 takes one of $3, not '$2'",
  ],
  [/^option '(.*)' cannot be used with option '(.*)'$/, 'the options $1 and $2 exclude each other'],
  [/^option '(.*)' does not take an argument$/i, 'the option $1 takes no value'],
  [
    /^too many arguments.*\. Expected (\d+) arguments? but got (\d+)\.$/,
    '$2 arguments given where $1 can be',
  ],
  [/^unexpected argument '(.*)'\. .*$/i, "no argument can be given, such as '$1'"],
]

const SUGGESTION = /\n\(Did you mean (?:one of )?(.*)\?\)$/

const LONGEST = 300

/** The words for what a parser of arguments refuses. It repeats what was typed, which may hold anything, and much of it. */
export function usageWords(message: string): string {
  const [all = '', meant] = SUGGESTION.exec(message) ?? []
  const typed = message.slice(0, message.length - all.length)
  const said = typed.slice(0, LONGEST).replace(/[^\x20-\x7e]/g, '?') + (typed.length > LONGEST ? '…' : '')
  const [pattern, words] = REWORDED.find(([found]) => found.test(said)) ?? []
  const ours = pattern === undefined || words === undefined ? said : said.replace(pattern, words)
  return meant === undefined ? ours : `${ours}; did you mean '${meant.split(', ').join("' or '")}'?`
}
