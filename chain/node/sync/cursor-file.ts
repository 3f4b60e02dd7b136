import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeWhole } from '@vouch/host/node'
import { type Cursor, parseCursor, printCursor, VouchError } from '@vouch/protocol'

const NAME = 'chain.json'

/** The cursor of a copy; nothing where there is none, or one that cannot be read: then the copy is made anew. */
export async function readCursor(folder: string): Promise<Cursor | undefined> {
  const file = await readFile(join(folder, NAME)).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    return parseCursor(new Uint8Array(file))
  } catch (error) {
    if (error instanceof VouchError) return undefined
    throw error
  }
}

export const writeCursor = (folder: string, cursor: Cursor): Promise<void> =>
  writeWhole(join(folder, NAME), `${printCursor(cursor)}\n`)

/** Has the copy made anew, next time. */
export const forgetCursor = (folder: string): Promise<void> => rm(join(folder, NAME), { force: true })
