import { mkdir, readdir, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createOnce } from '@vouch/host/node'
import { shown, toHex, VouchError } from '@vouch/protocol'
import { assertRoomToRemember, type SeenStore } from '../src/seen.js'

const CAPACITY = 100_000
/** Answers between two looks at what is past its time. */
const CLEAN_EVERY = 1_000

/**
 * A store in a folder of its own, for processes that share a machine and for restarts: one file for each challenge, its
 * content the time until which it counts. The file system says who was first.
 */
export async function folderSeen(folder: string, { capacity = CAPACITY } = {}): Promise<SeenStore> {
  await stored(folder, () => mkdir(folder, { recursive: true, mode: 0o700 }))
  let noted = 0
  let untilCleaning = 0

  async function makeRoom(now: number): Promise<void> {
    if (untilCleaning <= 0 || noted >= capacity) {
      noted = await clean(folder, now)
      untilCleaning = CLEAN_EVERY
    }
    assertRoomToRemember(noted, capacity)
    untilCleaning--
    noted++
  }

  return {
    consume: (challenge, until, now) =>
      stored(folder, async () => {
        await makeRoom(now)
        return createOnce(join(folder, toHex(challenge)), `${until}`)
      }),
  }
}

/** Deletes what is past its time, and counts what stays: what cannot be read stays. */
async function clean(folder: string, now: number): Promise<number> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.'))
  let kept = names.length
  for (const name of names) {
    const until = Number(await readFile(join(folder, name), 'utf8').catch(() => Number.NaN))
    if (!(until < now)) continue
    await unlink(join(folder, name)).catch(() => undefined) // another process may have been faster
    kept--
  }
  return kept
}

async function stored<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof VouchError) throw cause
    const explanation = {
      rule: 'the folder of answered challenges must take what is written',
      given: shown(folder),
    }
    throw new VouchError('STORAGE_FAILED', explanation, { cause })
  }
}
