import { type Codec, fixedBytes, parseFile, printFile, record, uint, version } from '../notation/index.js'

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

export const cursorCodec: Codec<Cursor> = record<Cursor>({
  version: version(1),
  chainId: number,
  registry: fixedBytes(20),
  block: number,
  blockHash: fixedBytes(32),
  epoch: number,
})

export const parseCursor = (file: string | Uint8Array): Cursor => parseFile(cursorCodec, file, 'cursor')
export const printCursor = (cursor: Cursor): string => printFile(cursorCodec, cursor, 'cursor')
