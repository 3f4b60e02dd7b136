import { readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { clock } from '@vouch/host/node'
import { fieldToBytes, type Head, parseHead, toHex } from '@vouch/protocol'
import { openRegistry } from '@vouch/registry/node'
import { newRegistry, testPolicy } from '@vouch/registry/testing/enrolling'
import { member } from '@vouch/registry/testing/members'
import { describe, expect, onTestFinished, test } from 'vitest'
import { registrar, served } from '../../testing/registrar.js'

// A removal that the database has is done, also where the disk refuses all else: as processes.

/** A registry with one member, and a disk that is full from the moment that `fill` is called until it has `room` again. */
async function withMember() {
  const folder = await newRegistry(testPolicy())
  onTestFinished(() => rm(dirname(folder), { recursive: true, force: true }))
  const registry = await openRegistry(folder, { now: clock })
  const { credential } = member(0)
  await registry.admit(member(0, { expiresAt: clock() + 3600 }))
  await registry.close()
  const flag = join(dirname(folder), 'full')
  return {
    folder,
    args: ['remove', folder, '--credential', toHex(fieldToBytes(credential)), '--reason', 'broken into'],
    around: { preload: './full-disk.mjs', env: { FULL_DISK: flag } },
    fill: () => writeFile(flag, ''),
    room: () => rm(flag),
    headFile: async (): Promise<Head> => parseHead(await readFile(join(folder, 'head.json'))),
    audit: async () => (await registrar(['audit', folder])).stdout,
  }
}

const WARNINGS = [expect.stringMatching(/head\.json was not written/)]

describe('a removal on a full disk', () => {
  test('by a server is done, with a warning; it is in the private log at once, and published once there is room', async () => {
    const { folder, args, around, fill, room, headFile, audit } = await withMember()
    const { url, program } = await served(['serve', folder, '--port', '0', '--cut-every', '1'], around)
    await expect.poll(async () => (await headFile()).size).toBe(1)
    await fill()
    const removed = await registrar([...args, '--json'])
    expect(removed).toMatchObject({
      exit: 0,
      stderr: expect.stringContaining('registrar: warning: done, but head.json was not written'),
    })
    const { seq, ...rest } = JSON.parse(removed.stdout) as { seq: number }
    expect(rest).toEqual({ removed: 1, warnings: WARNINGS })
    const shown = parseHead(await (await fetch(`${url}/head.json`)).text())
    expect(shown).toMatchObject({ previousRoot: 0n, seq })
    expect((await headFile()).seq).toBeLessThan(seq)
    const ready = await fetch(`${url}/ready`)
    expect(ready.status).toBe(503)
    const { failures } = (await ready.json()) as { failures: readonly object[] }
    expect(failures).toContainEqual(
      expect.objectContaining({ code: 'STORAGE_FAILED', given: 'no space is left' }),
    )
    expect((await fetch(`${url}/health`)).status).toBe(200)
    // Who was not told so tries again, and learns that it is done.
    const again = await registrar([...args, '--json'])
    expect(again).toMatchObject({ exit: 0, stdout: expect.stringContaining('"removed":0') })
    expect(JSON.parse((await audit()).split('\n')[0] ?? '')).toMatchObject({
      reason: 'broken into',
      leaves: 1,
      seq,
    })
    await room()
    await expect.poll(async () => (await headFile()).seq, { timeout: 30_000 }).toBeGreaterThanOrEqual(seq)
    expect(await program.stop()).toBe(0)
  })

  test('without a server is done, with a warning', async () => {
    const { args, around, fill, headFile, room, folder } = await withMember()
    await fill()
    const removed = await registrar([...args, '--json'], around)
    expect(removed).toMatchObject({
      exit: 0,
      stderr: expect.stringContaining('registrar: warning: done, but head.json was not written'),
    })
    expect(JSON.parse(removed.stdout)).toEqual({ removed: 1, seq: 1, warnings: WARNINGS })
    await room()
    expect((await registrar(['head', folder, '--cut'])).exit).toBe(0)
    expect(await headFile()).toMatchObject({ seq: 1, previousRoot: 0n })
  })
})
