import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { openBackend } from '@vouch/circuits/node'
import { clock } from '@vouch/host/node'
import {
  parseBucketIndex,
  parseReceipt,
  parseTicket,
  printEnrollment,
  printNonceRequest,
  toHex,
} from '@vouch/protocol'
import { readRegistry } from '@vouch/registry/node'
import { newClient } from '@vouch/registry/testing/enrolling'
import { noteLines } from '@vouch/registry/testing/notes'
import { afterAll, expect, type TestContext, test } from 'vitest'
import { answerOf, ask, type Backends, begin, type Entry, policy, startBackends } from './proxied.js'

/** A proxy that runs before the programs, and its ways in. */
export interface ReverseProxy {
  readonly registrar: Entry
  readonly service: Entry
  stop(): Promise<unknown>
}

export interface Scene<Kind extends ReverseProxy = ReverseProxy> {
  readonly proxy: Kind
  readonly behind: Backends
  readonly folder: string
}

/** What starts the programs and the proxy for the tests of a file, once, where the machine has the proxy. */
export function sceneOf<Kind extends ReverseProxy>(
  need: (context: TestContext) => void,
  start: (folder: string, behind: Backends) => Promise<Kind>,
): (context: TestContext) => Promise<Scene<Kind>> {
  let scene: Promise<Scene<Kind>> | undefined
  const open = async (): Promise<Scene<Kind>> => {
    const folder = await mkdtemp(join(tmpdir(), 'vouch-proxy-'))
    await chmod(folder, 0o711) // the proxy is another user's, and has a folder in there
    const behind = await startBackends(folder)
    try {
      return { folder, behind, proxy: await start(folder, behind) }
    } catch (error) {
      await behind.stop()
      throw error
    }
  }
  afterAll(async () => {
    const opened = await scene?.catch(() => undefined) // what did not open has been stopped
    if (opened === undefined) return
    const { folder, behind, proxy } = opened
    await proxy.stop()
    await behind.stop()
    await rm(folder, { recursive: true, force: true })
  })
  return (context) => {
    need(context)
    scene ??= open()
    return scene
  }
}

/** The address of a bucket that names its content, once a machine has been admitted through the proxy. */
export async function admitOne({ registrar }: ReverseProxy): Promise<string> {
  const backend = openBackend({ kind: 'native' })
  try {
    const client = newClient(backend, policy)
    const { credential } = client
    const nonce = await ask(registrar, '/nonce', { body: printNonceRequest({ version: 1, credential }) })
    const enrollment = await client.enroll(parseTicket(nonce.body.toString()))
    const enrolled = await ask(registrar, '/enroll', { body: printEnrollment(enrollment) })
    expect(enrolled.status).toBe(201)
    expect(parseReceipt(enrolled.body.toString()).credential).toBe(credential)
  } finally {
    await backend.destroy()
  }
  for (;;) {
    const { roots } = parseBucketIndex((await ask(registrar, '/leaves.json')).body.toString())
    if (roots.length > 0) return `/leaves/0?root=${toHex(roots.subarray(0, 32))}`
    await wait(100)
  }
}

/** What every proxy must do before a registrar and a service. */
export function itStandsBefore(scene: (context: TestContext) => Promise<Scene>): void {
  test('a machine is admitted through it, and heads and leaves are read', async (context) => {
    const { proxy } = await scene(context)
    const bucket = await ask(proxy.registrar, await admitOne(proxy))
    expect([bucket.status, bucket.headers['cache-control']]).toEqual([
      200,
      'public, max-age=31536000, immutable',
    ])
    expect((await ask(proxy.registrar, '/head.json')).headers['cache-control']).toBe('no-store')
    expect((await ask(proxy.registrar, '/ready')).status).toBe(200)
  })

  test("the client's own address reaches the registrar, and not the one that it claims", async (context) => {
    const { proxy, behind } = await scene(context)
    const headers = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' }
    const refused = await ask(proxy.registrar, '/nonce', { body: '{}', as: '127.0.0.9', headers })
    expect(refused.status).toBe(400)
    const lines = await readRegistry(behind.folder, { now: clock }, (view) => noteLines(view, 'refusal'))
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ from: '127.0.0.9' })
    expect(behind.registrar.arrivals.at(-1)?.from?.split(', ').at(-1)).toBe('127.0.0.9')
  })

  test('a slow client does not reach the registrar before it has sent all', async (context) => {
    const { proxy, behind } = await scene(context)
    const before = behind.registrar.arrivals.length
    const headers = { 'content-type': 'application/json', 'content-length': '2' }
    const slow = begin(proxy.registrar, '/nonce', { method: 'POST', headers })
    slow.write('{')
    await wait(700)
    expect(behind.registrar.arrivals.length).toBe(before)
    slow.end('}')
    expect((await answerOf(slow)).status).toBe(400)
    expect(behind.registrar.arrivals.length).toBe(before + 1)
  })

  test('numbers are not reached from outside', async (context) => {
    const { proxy, behind } = await scene(context)
    for (const path of [
      '/metrics',
      '/metrics?a=b',
      '/metrics/',
      '//metrics',
      '/%6detrics',
      '/a/../metrics',
    ]) {
      for (const [entry, { arrivals }] of [
        [proxy.registrar, behind.registrar],
        [proxy.service, behind.service],
      ] as const) {
        const before = arrivals.length
        expect((await ask(entry, path)).status, path).toBe(404)
        expect(arrivals.length, path).toBe(before)
      }
    }
  })

  test('a body that is too long does not reach the registrar', async (context) => {
    const { proxy, behind } = await scene(context)
    const before = behind.registrar.arrivals.length
    const refused = await ask(proxy.registrar, '/enroll', { body: ' '.repeat(600_000) })
    expect(refused.status).toBe(413)
    expect(behind.registrar.arrivals.length).toBe(before)
    // As long as an enrollment may be, it is the registrar's to judge.
    expect((await ask(proxy.registrar, '/enroll', { body: ' '.repeat(500_000) })).status).toBe(400)
    expect(behind.registrar.arrivals.length).toBe(before + 1)
  })

  test('a service is asked through it', async (context) => {
    const { proxy, behind } = await scene(context)
    const refused = await ask(proxy.service, '/', { body: '{}', as: '127.0.0.9' })
    expect([refused.status, JSON.parse(refused.body.toString())]).toEqual([
      400,
      { failures: [expect.objectContaining({ code: 'MEMBER_MISSING' })] },
    ])
    expect(behind.service.arrivals.at(-1)).toMatchObject({ method: 'POST', url: '/', from: '127.0.0.9' })
  })
}
