import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { member, newFolder, scratch, using } from '../testing/registries.js'
import { buildWriter, Writer } from './support/processes.js'

// Disks that fail, by the kernel's word: strace has the system calls of a writer answer with errors.

/** Runs the writer with its n-th system call of a kind failing, and all that follow. */
async function underStrace(folder: string, fault: string, argument: string): Promise<Writer> {
  const strace = [
    'strace',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    'trace=fsync,fdatasync,pwrite64',
    '-e',
    fault,
  ]
  const run = new Writer(await buildWriter(), ['some', folder, argument], strace)
  await run.end()
  return run
}

describe('a disk', () => {
  it.for([
    ['fails to sync', 'inject=fsync,fdatasync:error=EIO:when=3+'],
    ['fails to write', 'inject=pwrite64:error=EIO:when=60+'],
    ['is full', 'inject=pwrite64:error=ENOSPC:when=60+'],
  ])(
    'that %s costs no acknowledged admission, and no admission is acknowledged that is not there',
    async ([, fault = ''], context) => {
      needs.strace(context)
      const folder = await newFolder()
      const runs: Writer[] = []
      for (let first = 0; first < 400; first += 100)
        runs.push(await underStrace(folder, fault, `${first},100`))
      const acknowledged = runs.flatMap(({ lines }) =>
        lines.flatMap((line) => /^admitted (\d+) /.exec(line)?.[1] ?? []),
      )
      const refused = runs.flatMap(({ lines }) => lines.filter((line) => line.startsWith('refused')))
      expect(refused.length + runs.flatMap(({ errors }) => errors).length).toBeGreaterThan(0)
      await using(
        folder,
        async (registry) => {
          for (const n of acknowledged)
            expect(await registry.find(member(Number(n)).credential), `member ${n}`).toBeDefined()
          await registry.admit(member(10_000))
          await registry.cutHead()
        },
        { rebuild: true },
      )
    },
  )

  it('that cannot be written to is read all the same, and says so to a writer', async (context) => {
    needs.tmpfs(context)
    const folder = await newFolder()
    await using(folder, (registry) => registry.admit(member(0)))
    const disk = join(scratch(), 'disk')
    mkdirSync(disk)
    const script = `
      mount -t tmpfs -o size=8m tmpfs "$0" && cp -r "$1" "$0/registry" && mount -o remount,ro "$0" && shift && exec "$@"`
    const run = new Writer(
      await buildWriter(),
      ['look', join(disk, 'registry')],
      ['unshare', '--map-root-user', '--mount', 'sh', '-c', script, disk, folder],
    )
    await run.end()
    expect(run.errors.join('')).toBe('')
    expect(run.lines).toEqual(['read 1', 'refused STORAGE_FAILED'])
  })
})
