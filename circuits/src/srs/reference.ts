import { concat, fromHex, VouchError, whyUnanswered } from '@vouch/protocol'
import { type Bytes, sha256Hex } from '../bytes.js'
import {
  CHUNK_POINTS,
  CHUNK_SHA256,
  CHUNKS_URL,
  COMPRESSED_POINT_BYTES,
  EMBEDDED,
  GENERATOR,
  POINT_BYTES,
  TAU_H,
} from './pins.js'

/** The ceremony's points as Barretenberg takes them, 64 or 32 bytes each, and tau·H. */
export interface ReferenceString {
  readonly points: Bytes
  readonly count: number
  readonly tauH: Bytes
}

/** Whatever can keep chunks of the reference string between runs. */
export interface ChunkStore {
  /** A name for messages. */
  readonly name: string
  read(chunk: number): Promise<Bytes | undefined>
  write(chunk: number, bytes: Bytes): Promise<void>
}

export type Fetch = (url: string, init: { readonly headers: Record<string, string> }) => Promise<Response>

/** Where points may come from, in the order in which they are asked. */
export interface ReferenceSources {
  /** Bytes of the points that come with this package. */
  readonly embedded: () => Promise<Bytes>
  readonly store?: ChunkStore
  /** Downloads happen through this function or not at all. */
  readonly fetch?: Fetch
}

/** What the sources are held against. Tests replace it: they have no points beyond the embedded ones. */
export interface ReferencePins {
  readonly embedded: { readonly points: number; readonly sha256: string }
  readonly chunkPoints: number
  readonly chunks: readonly string[]
}

const PINS: ReferencePins = { embedded: EMBEDDED, chunkPoints: CHUNK_POINTS, chunks: CHUNK_SHA256 }

/** G and tau·H: enough to verify with, and nothing to read. */
export function verifierReference(): ReferenceString {
  return { points: asBytes(fromHex(GENERATOR)), count: 1, tauH: asBytes(fromHex(TAU_H)) }
}

/**
 * A reference string of at least `extent` points. The embedded points serve whenever they suffice; only a circuit that does
 * not fit reads other files, and only where there are none is anything downloaded. Every byte is hashed before it is used:
 * a points file of an attacker's would unmask the prover's witness.
 */
export async function proverReference(
  extent: number,
  sources: ReferenceSources,
  pins: ReferencePins = PINS,
): Promise<ReferenceString> {
  const { tauH } = verifierReference()
  if (extent <= pins.embedded.points) {
    const points = await sources.embedded()
    await assertGenuine(
      points,
      pins.embedded.sha256,
      'the embedded reference string',
      'install the package again',
    )
    return { points, count: pins.embedded.points, tauH }
  }
  const needed = Math.ceil(extent / pins.chunkPoints)
  const chunks: Uint8Array[] = []
  for (let chunk = 0; chunk < needed; chunk++) chunks.push(await genuineChunk(chunk, extent, sources, pins))
  return { points: asBytes(concat(...chunks)), count: needed * pins.chunkPoints, tauH }
}

async function genuineChunk(
  chunk: number,
  extent: number,
  { store, fetch }: ReferenceSources,
  pins: ReferencePins,
): Promise<Bytes> {
  const pinned = pins.chunks[chunk]
  if (pinned === undefined) throw unavailable(extent, `no hash is pinned for chunk ${chunk}`)
  const stored = await store?.read(chunk)
  if (stored !== undefined) {
    await assertGenuine(
      stored,
      pinned,
      `chunk ${chunk} in ${store?.name}`,
      'delete the file and fetch it again',
    )
    return stored
  }
  if (fetch === undefined)
    throw unavailable(extent, `chunk ${chunk} is in no file, and downloading was not allowed`)
  const bytes = await download(chunk, extent, fetch, pins)
  await assertGenuine(
    bytes,
    pinned,
    `chunk ${chunk} as downloaded`,
    `something answers in the place of ${CHUNKS_URL}`,
  )
  await store?.write(chunk, bytes)
  return bytes
}

async function download(chunk: number, extent: number, fetch: Fetch, pins: ReferencePins): Promise<Bytes> {
  const size = pins.chunkPoints * COMPRESSED_POINT_BYTES
  const range = `bytes=${chunk * size}-${(chunk + 1) * size - 1}`
  try {
    const response = await fetch(CHUNKS_URL, { headers: { range } })
    if (response.status === 206) return new Uint8Array(await response.arrayBuffer())
    throw new Error(`status ${response.status}`)
  } catch (error) {
    throw unavailable(extent, `${CHUNKS_URL} did not give chunk ${chunk}: ${whyUnanswered(error)}`, error)
  }
}

async function assertGenuine(bytes: Bytes, pinned: string, what: string, hint: string): Promise<void> {
  const given = await sha256Hex(bytes)
  if (given === pinned) return
  throw new VouchError('SRS_CORRUPT', { rule: `${what} must have the SHA-256 ${pinned}`, given, hint })
}

function unavailable(extent: number, given: string, cause?: unknown): VouchError {
  return new VouchError(
    'SRS_UNAVAILABLE',
    {
      rule: `a circuit that reaches ${extent} points needs that much of the reference string`,
      given,
      hint: `put its chunks of ${CHUNK_POINTS * COMPRESSED_POINT_BYTES} bytes, cut from ${CHUNKS_URL}, where they are looked for, or allow the download`,
    },
    { cause },
  )
}

/** Whether the points are spelled with both coordinates. */
export function isUncompressed({ points, count }: ReferenceString): boolean {
  return points.length === count * POINT_BYTES
}

const asBytes = (bytes: Uint8Array): Bytes => new Uint8Array(bytes)
