import type { Note, RegistryView } from '../src/store.js'

/** The lines of one kind in a registrar's private log, oldest first. */
export async function noteLines(
  view: Pick<RegistryView, 'notes'>,
  kind: Note['kind'],
): Promise<readonly string[]> {
  const lines: string[] = []
  for await (const { line } of view.notes(kind, 0)) lines.push(line)
  return lines
}
