import { type ClosureEntry, closureHash, drvOf, shown, VouchError } from '@vouch/protocol'

/** A store path as it was read: what it holds, and which store paths it refers to. */
export interface StoreEntry extends ClosureEntry {
  /** Names of store paths in the same closure. */
  readonly references: readonly string[]
  /** Names of store paths that the closure does not list. */
  readonly unlisted: readonly string[]
}

/** Every path that something in it can reach, as it was read. */
export interface Closure {
  readonly hash: Uint8Array
  readonly entries: readonly StoreEntry[]
  /** drv of a program in it: over what the program's own store path reaches, and no more. */
  drvOf(name: string, program: string): Uint8Array
}

const MOST_SHOWN = 5

/** Refuses a list that leaves something out: what nobody hashed may be anything. */
export function closedClosure(entries: readonly StoreEntry[], mentions: readonly string[]): Closure {
  const open = new Set(entries.flatMap(({ unlisted }) => unlisted.filter((name) => !mentions.includes(name))))
  if (open.size > 0) {
    const names = [...open].sort()
    const more = names.length > MOST_SHOWN ? `, and ${names.length - MOST_SHOWN} more` : ''
    throw new VouchError('CLOSURE_OPEN', {
      rule: `a closure must list every store path that it refers to; missing: ${names.slice(0, MOST_SHOWN).map(shown).join(', ')}${more}`,
      hint: 'list them; or name under mentions what only looks like a reference, such as an example in a manual',
    })
  }
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  return {
    hash: closureHash(entries),
    entries,
    drvOf: (name, program) => drvOf(reachable(byName, name), name, program),
  }
}

function reachable(byName: ReadonlyMap<string, StoreEntry>, from: string): readonly StoreEntry[] {
  const seen = new Set([from])
  for (const name of seen) for (const next of byName.get(name)?.references ?? []) seen.add(next)
  return [...seen].flatMap((name) => byName.get(name) ?? [])
}
