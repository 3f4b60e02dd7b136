import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { newRegistry, testPolicy } from '@vouch/registry/testing/enrolling'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { registrar, type Served, served } from '../../testing/registrar.js'

// A server that can write nothing more must not go on as if it could: as processes.

const LIMIT = 60_000
let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vouch-ending-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

async function own(): Promise<string> {
  const folder = await newRegistry(testPolicy())
  onTestFinished(() => rm(dirname(folder), { recursive: true, force: true }))
  return folder
}

const locks = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder)).filter((name) => name.startsWith('lock.')).map((name) => join(folder, name))

/** That it said why, ended with status 4 and answers no more. */
async function expectEnded(server: Served, code: string): Promise<void> {
  expect(await server.program.ended()).toBe(4)
  expect(server.program.stderr).toContain(`[${code}]`)
  expect(server.program.stderr.indexOf(`[${code}]`)).toBeLessThan(
    server.program.stderr.indexOf('finishing what is in hand'),
  )
  await expect(fetch(`${server.url}/health`)).rejects.toThrow()
}

describe('a server', () => {
  test(
    'whose lock was deleted ends without being asked for anything; the next one starts',
    async () => {
      const folder = await own()
      const server = await served(['serve', folder, '--port', '0'])
      for (const path of await locks(folder)) await rm(path)
      await expectEnded(server, 'LOCKED')
      await served(['serve', folder, '--port', '0'])
    },
    LIMIT,
  )

  test(
    'that another one took the place of ends, and leaves the lock and the socket of that one alone',
    async () => {
      const folder = await own()
      const first = await served(['serve', folder, '--port', '0'])
      for (const path of await locks(folder)) await rm(path)
      const second = await served(['serve', folder, '--port', '0'])
      await expectEnded(first, 'LOCKED')
      expect((await fetch(`${second.url}/health`)).status).toBe(200)
      expect((await fetch(`${second.url}/ready`)).status).toBe(200)
      const order = ['remove', folder, '--machine', 'ab'.repeat(32), '--reason', 'a test']
      expect(await registrar(order)).toMatchObject({ exit: 0 })
      expect(await second.program.stop()).toBe(0)
    },
    LIMIT,
  )

  test(
    'whose log another process wrote to ends',
    async () => {
      const folder = await own()
      const server = await served(['serve', folder, '--port', '0'])
      await appendFile(join(folder, 'log'), 'more')
      await expectEnded(server, 'LOCKED')
    },
    LIMIT,
  )

  test(
    'whose disk fails to sync ends, and what it had acknowledged is there at the next start',
    async () => {
      const folder = await own()
      const failing = join(folder, 'failing')
      const server = await served(['serve', folder, '--port', '0', '--json'], {
        preload: './failing-sync.mjs',
        env: { FAILING_SYNC: failing },
      })
      const order = (n: string) => ['remove', folder, '--machine', n.repeat(32), '--reason', 'a test']
      expect(await registrar(order('ab'))).toMatchObject({ exit: 0 })
      await writeFile(failing, '')
      expect(await registrar(order('cd'))).toMatchObject({
        exit: 4,
        stderr: expect.stringContaining('[STORAGE_FAILED]'),
      })
      expect(await server.program.ended()).toBe(4)
      expect(server.program.stderr).toContain('[STORAGE_FAILED]')
      const shown = JSON.parse((await registrar(['show', folder, '--json'])).stdout) as {
        refused_machines: string[]
      }
      expect(shown.refused_machines).toContain('ab'.repeat(32))
    },
    LIMIT,
  )

  test(
    'that is told to end ends with status 0, and is ready until then',
    async () => {
      const folder = await own()
      const server = await served(['serve', folder, '--port', '0'])
      expect(await (await fetch(`${server.url}/health`)).json()).toEqual({ status: 'ok' })
      const ready = await fetch(`${server.url}/ready`)
      expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }])
      expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([])
      expect(await server.program.stop()).toBe(0)
      expect(await readFile((await locks(folder))[0] ?? '', 'utf8')).toBe('')
    },
    LIMIT,
  )
})
