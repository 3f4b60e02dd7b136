import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { equalBytes, toHex } from '@vouch/protocol'
import { chunkFolder } from '@vouch/prover/node'
import { afterEach, describe, expect, test } from 'vitest'
import { readReference } from '../node/index.js'
import { packageFile, readEmbeddedPoints } from '../node/package-files.js'
import { CHUNK_SHA256, EMBEDDED, GENERATOR, TAU_H } from '../src/srs/pins.js'
import {
  proverReference,
  type ReferencePins,
  type ReferenceSources,
  verifierReference,
} from '../src/srs/reference.js'

// No points beyond the embedded ones are at hand here, so chunks and their hashes are made up; the order and the checks are real.

const CHUNK = 4
const chunkBytes = (chunk: number) => new Uint8Array(CHUNK * 32).fill(chunk + 1)
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const pins: ReferencePins = {
  embedded: EMBEDDED,
  chunkPoints: CHUNK,
  chunks: Array.from({ length: 20_000 }, (_, i) => (i < 2 ? hashOf(chunkBytes(i)) : hashOf(chunkBytes(0)))),
}
const large: ReferencePins = { ...pins, embedded: { ...EMBEDDED, points: 3 } }

const folder = mkdtempSync(join(tmpdir(), 'vouch-chunks-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function sources(changes: Partial<ReferenceSources> = {}): ReferenceSources {
  return { embedded: readEmbeddedPoints, ...changes }
}

/** A download that serves the chunks as they are, and notes what it was asked for. */
function server(asked: string[], bytes = chunkBytes, status = 206): NonNullable<ReferenceSources['fetch']> {
  return async (_, { headers }) => {
    asked.push(headers.range ?? '')
    return new Response(bytes(asked.length - 1), { status })
  }
}

const forbidden = () => Promise.reject(new Error('must not be asked'))
const nobody = { name: 'nobody', read: forbidden, write: forbidden }

describe('what a verifier needs', () => {
  test('is spelled out, and is what the files say', () => {
    expect(verifierReference().count).toBe(1)
    expect(toHex(readFileSync(packageFile('srs/ignition-50000.g1')).subarray(0, 64))).toBe(GENERATOR)
    expect(toHex(readFileSync(packageFile('srs/ignition.g2')))).toBe(TAU_H)
  })

  test('is the tau·H whose hash the provenance gives', () => {
    expect(hashOf(verifierReference().tauH)).toBe(
      '01797bfc4de5a96f0e516a9ea4537d18786dc30cb991aca4274c95822b69c32f',
    )
  })
})

describe('points for a prover', () => {
  test('are the embedded ones as long as they suffice, whatever else there is', async () => {
    const asked = sources({ store: nobody, fetch: forbidden })
    expect((await proverReference(50_000, asked)).count).toBe(50_000)
    expect(equalBytes((await readReference()).points, await readEmbeddedPoints())).toBe(true)
  })

  test('are refused when an embedded byte is wrong', async () => {
    const embedded = async () => {
      const points = await readEmbeddedPoints()
      points[3_199_999] = (points[3_199_999] ?? 0) ^ 1
      return points
    }
    await expect(proverReference(1, sources({ embedded }))).rejects.toMatchObject({ code: 'SRS_CORRUPT' })
  })

  test('are refused when embedded ones are missing at the end', async () => {
    const embedded = async () => (await readEmbeddedPoints()).slice(0, -64)
    await expect(proverReference(1, sources({ embedded }))).rejects.toMatchObject({ code: 'SRS_CORRUPT' })
  })

  test('come from files for a circuit that does not fit', async () => {
    const store = chunkFolder(folder)
    await store.write(0, chunkBytes(0))
    await store.write(1, chunkBytes(1))
    const reference = await proverReference(5, sources({ store, fetch: forbidden }), large)
    expect(reference).toMatchObject({
      count: 8,
      points: Uint8Array.from([...chunkBytes(0), ...chunkBytes(1)]),
    })
  })

  test('are refused when a file is wrong, and then nothing is downloaded over it', async () => {
    const store = chunkFolder(folder)
    await store.write(0, chunkBytes(0))
    writeFileSync(join(folder, 'g1-0000.chunk'), chunkBytes(1))
    const run = proverReference(4, sources({ store, fetch: forbidden }), large)
    await expect(run).rejects.toMatchObject({ code: 'SRS_CORRUPT', hint: expect.stringContaining('delete') })
  })

  test('are downloaded last, only the chunks that are missing, and kept', async () => {
    const store = chunkFolder(folder)
    await store.write(1, chunkBytes(1))
    const asked: string[] = []
    await proverReference(8, sources({ store, fetch: server(asked) }), large)
    expect(asked).toEqual(['bytes=0-127'])
    await proverReference(8, sources({ store, fetch: forbidden }), large)
  })

  test('are refused when the download is wrong, and then not kept', async () => {
    const store = chunkFolder(folder)
    const run = proverReference(4, sources({ store, fetch: server([], () => chunkBytes(7)) }), large)
    await expect(run).rejects.toMatchObject({ code: 'SRS_CORRUPT' })
    expect(await store.read(0)).toBeUndefined()
  })

  test.each([
    ['nothing is allowed to download', {}],
    ['the server has nothing', { fetch: server([], chunkBytes, 404) }],
    ['the server ignores the range', { fetch: server([], chunkBytes, 200) }],
    ['there is no network', { fetch: () => Promise.reject(new TypeError('fetch failed')) }],
  ])('are unavailable when %s: the error says what to do', async (_, changes) => {
    const run = proverReference(4, sources({ store: chunkFolder(folder), ...changes }), large)
    await expect(run).rejects.toMatchObject({
      code: 'SRS_UNAVAILABLE',
      hint: expect.stringContaining('g1_compressed.dat'),
    })
  })

  test('are unavailable beyond the pinned chunks, however many a server has', async () => {
    const few = { ...large, chunks: pins.chunks.slice(0, 1) }
    const run = proverReference(5, sources({ fetch: server([]) }), few)
    await expect(run).rejects.toMatchObject({ code: 'SRS_UNAVAILABLE' })
  })
})

test('sixteen chunks are pinned, no two alike', () => {
  expect(new Set(CHUNK_SHA256).size).toBe(16)
  for (const hash of CHUNK_SHA256) expect(hash).toMatch(/^[0-9a-f]{64}$/)
})
