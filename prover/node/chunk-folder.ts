import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChunkStore } from '@vouch/circuits'
import { writeWhole } from '@vouch/host/node'

/** Keeps chunks of the reference string as files `g1-0000.chunk`, … in a folder. What it reads is hashed by its caller. */
export function chunkFolder(folder: string): ChunkStore {
  const pathOf = (chunk: number) => join(folder, `g1-${String(chunk).padStart(4, '0')}.chunk`)
  return {
    name: folder,
    async read(chunk) {
      try {
        return new Uint8Array(await readFile(pathOf(chunk)))
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    async write(chunk, bytes) {
      await mkdir(folder, { recursive: true })
      await writeWhole(pathOf(chunk), bytes)
    },
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
