import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { newRegistry, testPolicy } from '@vouch/registry/testing/enrolling'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { needs } from '../../../test/support/needs.js'
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

/** From now on the kernel answers a process that no disk has what was written. */
async function failSyncs(pid: number): Promise<void> {
  const inject = ['-e', 'trace=fsync,fdatasync', '-e', 'inject=fsync,fdatasync:error=EIO']
  const strace = spawn('strace', ['-f', '-p', String(pid), '-o', '/dev/null', ...inject])
  onTestFinished(() => void strace.kill())
  for await (const line of createInterface(strace.stderr)) if (line.includes('attached')) return
  expect.unreachable('strace did not attach')
}

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
    'is the only one of its registry, until it ends: the second one leaves its socket alone',
    async () => {
      const folder = await own()
      const first = await served(['serve', folder, '--port', '0'])
      const second = await registrar(['serve', folder, '--port', '0'])
      expect(second).toMatchObject({ exit: 4, stdout: '', stderr: expect.stringContaining('[LOCKED]') })
      const order = ['remove', folder, '--machine', 'ab'.repeat(32), '--reason', 'a test']
      expect(await registrar(order)).toMatchObject({ exit: 0, stderr: '' })
      expect((await fetch(`${first.url}/ready`)).status).toBe(200)
      expect(await first.program.stop()).toBe(0)
      await served(['serve', folder, '--port', '0'])
    },
    LIMIT,
  )

  test(
    'whose disk fails to sync ends, and what it had acknowledged is there at the next start',
    async (context) => {
      needs.strace(context)
      const folder = await own()
      const server = await served(['serve', folder, '--port', '0', '--json'])
      const order = (n: string) => ['remove', folder, '--machine', n.repeat(32), '--reason', 'a test']
      expect(await registrar(order('ab'))).toMatchObject({ exit: 0 })
      await failSyncs(server.program.pid)
      expect(await registrar(order('cd'))).toMatchObject({
        exit: 4,
        stderr: expect.stringContaining('[STORAGE_FAILED]'),
      })
      await expectEnded(server, 'STORAGE_FAILED')
      const shown = JSON.parse((await registrar(['show', folder, '--json'])).stdout) as {
        refused_machines: string[]
      }
      expect(shown.refused_machines).toContain('ab'.repeat(32))
      await served(['serve', folder, '--port', '0'])
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
      expect(await registrar(['head', folder, '--cut'])).toMatchObject({ exit: 0 })
    },
    LIMIT,
  )
})
