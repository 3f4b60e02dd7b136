import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { VouchError } from '@vouch/protocol'
import { type Codec, fixedBytes, parseFile, printFile, record, uint, version } from '@vouch/protocol/codec'
import { writeWhole } from '@vouch/protocol/node'

/** How far a copy of a registry on chain has been read: up to and with this very block, whatever comes to stand at its height. */
export interface Cursor {
  readonly version: 1
  readonly chainId: number
  readonly registry: Uint8Array
  readonly block: number
  readonly blockHash: Uint8Array
  /** The contract's count of removals, and one: roots of an earlier epoch stand no more. */
  readonly epoch: number
}

const number = uint(8, { max: Number.MAX_SAFE_INTEGER })

const cursorCodec: Codec<Cursor> = record<Cursor>({
  version: version(1),
  chainId: number,
  registry: fixedBytes(20),
  block: number,
  blockHash: fixedBytes(32),
  epoch: number,
})

const NAME = 'chain.json'

/** The cursor of a copy; nothing where there is none, or one that cannot be read: then the copy is made anew. */
export async function readCursor(folder: string): Promise<Cursor | undefined> {
  const file = await readFile(join(folder, NAME)).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    return parseFile(cursorCodec, new Uint8Array(file), 'cursor')
  } catch (error) {
    if (error instanceof VouchError) return undefined
    throw error
  }
}

export const writeCursor = (folder: string, cursor: Cursor): Promise<void> =>
  writeWhole(join(folder, NAME), `${printFile(cursorCodec, cursor, 'cursor')}\n`)

/** Has the copy made anew, next time. */
export const forgetCursor = (folder: string): Promise<void> => rm(join(folder, NAME), { force: true })
