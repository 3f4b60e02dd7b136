import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installedCommands, urlOf } from '../../fixtures/story/commands.js'
import type { Program } from '../../scripts/program.js'
import { type Fault, type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import { LIMIT } from '../support/faults.js'
import { pathInRepository, readInRepository } from '../support/repository.js'

// A service that announces its key to its agent, over a socket that fails.

const commands = installedCommands()
let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vouch-announcing-'))
})
afterAll(async () => {
  await commands.stopAll()
  await rm(scratch, { recursive: true, force: true })
})

interface Guest {
  /** What the agent says of itself: whether a key is awaited. */
  readiness(): Promise<unknown>
  /** Starts the service, whose key is the same each time. */
  startService(): Program
  readonly proxy: FaultProxy
}

/** The agent of the README's example, and its service behind a proxy. */
async function startGuest(fault: Fault): Promise<Guest> {
  const own = await mkdtemp(join(scratch, 'g-'))
  await mkdir(join(own, 'quotes'), { mode: 0o700 })
  const uid = process.getuid?.() ?? 0
  const filled = readInRepository('docs/examples/own-service/agent.yaml')
    .replaceAll('@clone@', pathInRepository('.').replace(/\/$/, ''))
    .replaceAll('@own@', own)
    .replaceAll('@user@', `${uid}`)
  await writeFile(join(own, 'agent.yaml'), filled)
  const configured = ['--config', join(own, 'agent.yaml'), '--port', '0', '--json']
  const agent = await urlOf(commands.start('tee-agent', 'serve', ...configured))
  const path = join(own, 'between')
  const proxy = await startFaultProxy({ path: join(own, 'quotes', 'announce') }, fault, { path })
  const key = ['--key', join(own, 'quotes', 'key'), '--key-anywhere']
  return {
    proxy,
    readiness: async () => (await fetch(`${agent}/ready`)).json(),
    startService: () =>
      commands.start('vouch-echo', '--profile', 'sha256', ...key, '--announce', path, '--tcp', '127.0.0.1:0'),
  }
}

const AWAITING = { failures: [expect.objectContaining({ code: 'SERVICES_AWAITED', given: 'quotes' })] }
const OK = { status: 'ready' }

describe.concurrent('between a service and its agent', () => {
  test.each<[string, Fault]>([
    ['drops what comes back', { kind: 'drop', after: 0 }],
    ['drops what goes there', { kind: 'drop', after: 0, towards: 'server' }],
    ['cuts the announcement short', { kind: 'truncate', after: 40, towards: 'server' }],
    ['cuts the answer short', { kind: 'truncate', after: 5 }],
    ['stalls', { kind: 'stall', after: 0, towards: 'server' }],
  ])(
    'a socket that %s is tried again, until it is whole',
    async (_, fault) => {
      const { proxy, readiness, startService } = await startGuest(fault)
      const service = startService()
      while (proxy.accepted < 2) await wait(50)
      expect(service.stdout).toBe('')
      if (fault.towards === 'server') expect(await readiness()).toEqual(AWAITING)
      proxy.fault = { kind: 'none' }
      expect(await service.firstLine()).toContain('public_key')
      expect(await readiness()).toMatchObject(OK)
      await proxy.close()
    },
    LIMIT,
  )

  test(
    'a bit that turns on the way there is a key that is refused: the service ends, and the agent goes on waiting',
    async () => {
      const { proxy, readiness, startService } = await startGuest({
        kind: 'corrupt',
        at: 40,
        towards: 'server',
      })
      const service = startService()
      expect(await service.ended()).toBe(3)
      expect(service.stderr).toContain('[ANNOUNCEMENT_REFUSED]')
      expect(await readiness()).toEqual(AWAITING)
      await proxy.close()
    },
    LIMIT,
  )

  test(
    'a bit that turns on the way back ends the service, which has the same key when it is started again',
    async () => {
      const { proxy, readiness, startService } = await startGuest({ kind: 'corrupt', at: 4 })
      expect(await startService().ended()).toBe(3)
      proxy.fault = { kind: 'delay', ms: 50 }
      expect(await startService().firstLine()).toContain('public_key')
      expect(await readiness()).toMatchObject(OK)
      await proxy.close()
    },
    LIMIT,
  )
})
