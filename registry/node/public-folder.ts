import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Bounds, fetchBounded, makeFolder, readNamedFile, writeWhole } from '@vouch/host/node'
import {
  BUCKET_LEAVES,
  concat,
  fromInteger,
  MAX_FILE_BYTES,
  PLACE_BYTES,
  parseBucketIndex,
  parseHead,
  printBucketIndex,
  printHead,
  shown,
  toInteger,
  VouchError,
} from '@vouch/protocol'
import { parsePolicies, printPolicies } from '../src/policies.js'
import type { Mirror, RegistrySource, Vanished } from '../src/sync.js'

// A registry as the public sees it. A folder has the very names that the HTTP interface has, so any server of files that
// is given the folder is a registry to read from.

const HEAD = 'head.json'
const INDEX = 'leaves.json'
const POLICIES = 'policies.json'
/** The copy's own: not names that are published. */
const VANISHED = 'vanished'
const UNSETTLED = 'unsettled'
const bucketName = (number: number): string => `leaves/${number}`
const BUCKET_BYTES = BUCKET_LEAVES * PLACE_BYTES

/** A folder or a URL to read a registry from. */
export async function openSource(where: string, bounds: Bounds = {}): Promise<RegistrySource> {
  if (/^https?:\/\//.test(where)) return sourceAt(where.replace(/\/+$/, ''), bounds)
  const info = await stat(where).catch(() => undefined)
  if (info?.isDirectory()) return sourceIn(where)
  throw new VouchError('FILE_NOT_FOUND', {
    rule: 'a registry must be a folder or a URL',
    given: shown(where),
  })
}

function sourceAt(url: string, bounds: Bounds): RegistrySource {
  const get = (name: string, limit = MAX_FILE_BYTES): Promise<Uint8Array> =>
    fetchBounded(`${url}/${name}`, limit, 'what was fetched so far is kept: run it again', bounds)
  return {
    head: async () => parseHead(await get(HEAD)),
    index: async () => parseBucketIndex(await get(INDEX)),
    policies: async () => parsePolicies(await get(POLICIES)),
    bucket: (number) => get(bucketName(number), BUCKET_BYTES),
  }
}

function sourceIn(folder: string): RegistrySource {
  const read = (name: string): Promise<Uint8Array> => readNamedFile(join(folder, name))
  return {
    head: async () => parseHead(await read(HEAD)),
    index: async () => parseBucketIndex(await read(INDEX)),
    policies: async () => parsePolicies(await read(POLICIES)),
    bucket: (number) => read(bucketName(number)),
  }
}

function headOlder(seq: number, there: number): VouchError {
  return new VouchError('HEAD_TOO_OLD', {
    rule: 'the head must not be older than the one that is kept here',
    given: `number ${seq} after ${there}`,
    hint: 'another process keeps this copy too: let one of them do it',
  })
}

/** A folder to keep a registry in; made if it is not there. */
export async function openMirror(folder: string): Promise<Mirror> {
  await makeFolder(join(folder, 'leaves'))
  const read = async (name: string): Promise<Uint8Array | undefined> => {
    const path = join(folder, name)
    const info = await stat(path).catch(() => undefined)
    return info === undefined ? undefined : readNamedFile(path)
  }
  const isMissing = (name: string): Promise<boolean> =>
    stat(join(folder, name)).then(
      () => false,
      (error) => error.code === 'ENOENT',
    )
  const whenThere = <T>(bytes: Uint8Array | undefined, parse: (bytes: Uint8Array) => T): T | undefined =>
    bytes === undefined ? undefined : parse(bytes)
  return {
    head: async () => whenThere(await read(HEAD), parseHead),
    index: async () => whenThere(await read(INDEX), parseBucketIndex),
    policies: async () => whenThere(await read(POLICIES), parsePolicies) ?? [],
    bucket: (number) => read(bucketName(number)),
    keepPolicies: (policies) => writeWhole(join(folder, POLICIES), `${printPolicies(policies)}\n`),
    keepBucket: async (number, bytes) => {
      if (await isMissing(UNSETTLED)) await writeWhole(join(folder, UNSETTLED), '')
      await writeWhole(join(folder, bucketName(number)), bytes)
    },
    isSettled: () => isMissing(UNSETTLED),
    vanished: async () => vanishedIn((await read(VANISHED)) ?? new Uint8Array()),
    keepVanished: (vanished) => writeWhole(join(folder, VANISHED), vanishedBytes(vanished)),
    keepHead: async (head, index) => {
      // Another process may have kept a newer one since this one began: a head never goes back.
      const there = whenThere(await read(HEAD), parseHead)
      if (there !== undefined && there.seq > head.seq) throw headOlder(head.seq, there.seq)
      await writeWhole(join(folder, INDEX), `${printBucketIndex(index)}\n`)
      await writeWhole(join(folder, HEAD), `${printHead(head)}\n`)
      await rm(join(folder, UNSETTLED), { force: true })
    },
  }
}

/** 12 bytes each: u32 place, u64 time. */
const VANISHED_BYTES = 12

const vanishedBytes = (vanished: Vanished): Uint8Array =>
  concat(...[...vanished].flatMap(([place, until]) => [fromInteger(place, 4), fromInteger(until, 8)]))

function vanishedIn(bytes: Uint8Array): Vanished {
  return new Map(
    Array.from({ length: Math.floor(bytes.length / VANISHED_BYTES) }, (_, i) => {
      const at = i * VANISHED_BYTES
      const [place, until] = [bytes.subarray(at, at + 4), bytes.subarray(at + 4, at + VANISHED_BYTES)]
      return [Number(toInteger(place)), Number(toInteger(until))]
    }),
  )
}
