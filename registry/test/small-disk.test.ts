import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { scratch } from '../testing/registries.js'
import { buildWriter, Writer } from './support/processes.js'

/** Mounts a disk of 2 MB where only this process sees it, with ballast that can be thrown away, and runs the rest there. */
const ON_SMALL_DISK = `
  mount -t tmpfs -o size=2m tmpfs "$0" && dd if=/dev/zero of="$0/ballast" bs=1k count=512 status=none && exec "$@"`

async function onSmallDisk(work: string): Promise<Writer> {
  const disk = join(scratch(), 'disk')
  mkdirSync(disk)
  const run = new Writer(
    await buildWriter(),
    [work, join(disk, 'registry'), join(disk, 'ballast')],
    ['unshare', '--map-root-user', '--mount', 'sh', '-c', ON_SMALL_DISK, disk],
  )
  await run.end()
  expect(run.errors.join('')).toBe('')
  return run
}

it('a disk that is really full refuses in words, is read all the same, loses nothing, and takes more once there is room', async (context) => {
  needs.tmpfs(context)
  const run = await onSmallDisk('fill')
  expect(run.lines).toEqual([
    expect.stringMatching(/^refused STORAGE_FAILED after [1-9]\d{1,2}$/),
    'read 0',
    'went on 1',
    'kept 0',
  ])
})

it('a removal on a disk that is really full is refused, and is done once there is room', async (context) => {
  needs.tmpfs(context)
  const run = await onSmallDisk('remove')
  expect(run.lines).toEqual(['refused STORAGE_FAILED', 'published 2 true', 'kept 2 true'])
})
