import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { type Hasher, slowHasher, toHex } from '@vouch/protocol'
import { frameLength, LENGTH_BYTES } from '@vouch/protocol/registrar-folder'
import { openFile } from '../node/store/disk.js'
import type { DataFile, OpenFile } from '../node/store/index.js'
import { scratch } from './registries.js'

const INDEX_FILES = ['nodes', 'members', 'heads', 'checkpoint'].map((name) => join('index', name))
const PAGE = 65_536
const HOLE = Buffer.alloc(PAGE)

/** The folder as a power cut at this moment would leave it: whoever has it open knows nothing of the copy. */
export function crashImage(folder: string): string {
  const copy = join(scratch(), 'copy')
  mkdirSync(join(copy, 'index'), { recursive: true })
  for (const path of ['log', 'evidence.log', 'head.json', ...INDEX_FILES]) {
    if (existsSync(join(folder, path))) copySparse(join(folder, path), join(copy, path))
  }
  return copy
}

/** The same with another log and no index, which is no part of what must survive. */
export function withLog(folder: string, log: Uint8Array): string {
  const copy = join(scratch(), 'copy')
  mkdirSync(copy)
  copySparse(join(folder, 'evidence.log'), join(copy, 'evidence.log'))
  writeFileSync(join(copy, 'log'), log)
  return copy
}

/** The nodes' file is 64 MB, almost all of it holes. */
function copySparse(from: string, to: string): void {
  const bytes = readFileSync(from)
  const file = openSync(to, 'w')
  ftruncateSync(file, bytes.length)
  for (let at = 0; at < bytes.length; at += PAGE) {
    const page = bytes.subarray(at, at + PAGE)
    if (!page.equals(HOLE.subarray(0, page.length))) writeSync(file, page, 0, page.length, at)
  }
  closeSync(file)
}

export function logOf(folder: string): Uint8Array {
  return new Uint8Array(readFileSync(join(folder, 'log')))
}

/** Where each record of a log ends. */
export function recordEnds(log: Uint8Array): readonly number[] {
  const ends: number[] = []
  for (let at = 0; at < log.length; ) {
    const length = frameLength(log.subarray(at, at + LENGTH_BYTES))
    if (length === undefined) throw new Error(`no record at ${at}`)
    at += length
    ends.push(at)
  }
  return ends
}

const known = new Map<string, Uint8Array>()

/** The real hash, each value computed once: hundreds of crashes of one registry compute the same ones. */
export const remembering: Hasher = (...inputs) => {
  const key = inputs.map(toHex).join()
  const hash = known.get(key) ?? slowHasher(...inputs)
  known.set(key, hash)
  return hash
}

/** A disk that can be full, or fail. */
export class FaultyDisk {
  /** Bytes that it still takes. */
  room = Number.POSITIVE_INFINITY
  failsToSync = false
  failsToTruncate = false

  readonly openFile: OpenFile = async (path) => {
    const file = await openFile(path)
    return { ...file, ...this.faults(file) }
  }

  private faults(file: DataFile): Pick<DataFile, 'write' | 'sync' | 'truncate'> {
    return {
      write: async (offset, bytes) => {
        const taken = bytes.subarray(0, Math.min(bytes.length, this.room))
        await file.write(offset, taken)
        this.room -= taken.length
        if (taken.length < bytes.length) throw diskError('ENOSPC')
      },
      sync: async () => {
        if (this.failsToSync) throw diskError('EIO')
        await file.sync()
      },
      truncate: async (size) => {
        if (this.failsToTruncate) throw diskError('EIO')
        await file.truncate(size)
      },
    }
  }
}

function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: from a test`), { code, syscall: 'write' })
}
