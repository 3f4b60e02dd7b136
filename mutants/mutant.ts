// A mutant is a source with one constraint or one condition removed or weakened. A test must notice it.

/** A replacement of one part of a text. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A replacement with a name for its kind. */
export interface Change extends Edit {
  readonly operator: string
  /** The replacement as lists show it, where its operator says enough. */
  readonly shown?: string
}

export interface Mutant {
  /** Path from the project's root. */
  readonly file: string
  readonly line: number
  /** The change in words and code. File and change name the mutant; its line may move. */
  readonly change: string
  readonly edit: Edit
}

const LONGEST = 110

/** The mutants of a source, in the order of their places. Two changes that make the same text are one mutant. */
export function mutantsOf(file: string, source: string, changes: readonly Change[]): readonly Mutant[] {
  const texts = new Set([source])
  const times = new Map<string, number>()
  const ordered = [...changes].sort((a, b) => a.start - b.start || a.end - b.end)
  return ordered.flatMap(({ operator, shown, ...edit }): readonly Mutant[] => {
    const text = applied(source, edit)
    if (texts.has(text)) return []
    texts.add(text)
    const change = describe(operator, source.slice(edit.start, edit.end), shown ?? edit.text)
    const time = (times.get(change) ?? 0) + 1
    times.set(change, time)
    const line = source.slice(0, edit.start).split('\n').length
    return [{ file, line, change: time === 1 ? change : `${change} #${time}`, edit }]
  })
}

export function applied(source: string, { start, end, text }: Edit): string {
  return source.slice(0, start) + text + source.slice(end)
}

/** Names a mutant in lists and in the state file. */
export const nameOf = ({ file, change }: Pick<Mutant, 'file' | 'change'>): string => `${file}: ${change}`

function describe(operator: string, before: string, after: string): string {
  const shown = `${operator}: ${short(before)}`
  return after === '' ? shown : `${shown} → ${short(after)}`
}

function short(code: string): string {
  const line = code.trim().replace(/\s+/g, ' ')
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`
}
