import { rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { type Origins, type RunningServer, readNodeLimits, startServer } from '@vouch/host/http'
import { rootsIn, toHex } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { nodeArguments, Program } from '../../scripts/program.js'
import { yamlBlocks } from '../../test/support/markdown.js'
import { readInRepository } from '../../test/support/repository.js'
import { takeOrders } from '../node/control.js'
import { REGISTRAR_ROUTES } from '../node/http/routes.js'
import { PEER_LIMITS, REGISTRAR_LIMITS, siteOf } from '../node/http/site.js'
import { openRegistrar, type Registrar } from '../node/open-registrar.js'
import { registrarFolder } from '../node/serving/registrar-folder.js'
import { newRegistry, removal, testPolicy } from '../testing/enrolling.js'
import { member } from '../testing/members.js'

// What a registrar tells caches and web pages, and how its operator says what clients may take.

let folder: string
let registrar: Registrar
let server: RunningServer

beforeAll(async () => {
  folder = await newRegistry(testPolicy())
  registrar = await openRegistrar(folder, { key: registrarFolder(folder).signerKey })
  await registrar.registry.admit(member(7))
  await registrar.registry.cutHead()
  server = await startServer(siteOf(registrar), { host: '127.0.0.1', port: 0 }, REGISTRAR_LIMITS)
})
afterAll(async () => {
  await server.close()
  await registrar.close()
  await rm(dirname(folder), { recursive: true, force: true })
})

const urlOf = ({ address }: RunningServer): string => `http://127.0.0.1:${address.port}`
const ask = (path: string, init: RequestInit = {}) => fetch(`${urlOf(server)}${path}`, init)

const NO_RATE = { burst: 0, perSecond: 0 }

describe('a bucket', () => {
  const rootNow = async (): Promise<string> =>
    toHex(rootsIn(await registrar.buckets())[0] ?? new Uint8Array())

  test('under its root is kept by caches, and is another or none when the root is another', async () => {
    const before = await rootNow()
    const named = await ask(`/leaves/0?root=${before}`)
    expect(named.status).toBe(200)
    expect(named.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(await named.arrayBuffer()).toEqual(await (await ask('/leaves/0')).arrayBuffer())

    await registrar.registry.admit(member(8))
    await registrar.registry.cutHead()
    const after = await rootNow()
    expect(after).not.toBe(before)
    const gone = await ask(`/leaves/0?root=${before}`)
    expect([gone.status, gone.headers.get('cache-control')]).toEqual([404, 'no-store'])
    expect(await gone.text()).toContain('LEAF_MISSING')
    expect((await ask(`/leaves/0?root=${after}`)).status).toBe(200)
  })

  test('without it is asked for before each use, since a removal changes it', async () => {
    const first = await ask('/leaves/0')
    expect(first.headers.get('cache-control')).toBe('no-cache')
    const etag = first.headers.get('etag') ?? ''
    const again = () => ask('/leaves/0', { headers: { 'if-none-match': etag } })
    expect((await again()).status).toBe(304)
    await registrar.carryOut(removal(member(8).credential, 'for the test'))
    const changed = await again()
    expect(changed.status).toBe(200)
    expect(changed.headers.get('etag')).not.toBe(etag)
  })

  test.each(['/leaves/0?root=', '/leaves/0?root=00', `/leaves/1?root=${'0'.repeat(64)}`, '/leaves/0?x=1'])(
    'that is asked for as %s is not there',
    async (path) => {
      expect((await ask(path)).status).toBe(404)
    },
  )
})

test('every GET answers a HEAD with the same headers; a head is kept by no cache', async () => {
  const paths = Object.entries(REGISTRAR_ROUTES).flatMap(([path, { method }]) =>
    method === 'GET' ? [path.replace('{bucket}', '0')] : [],
  )
  expect(paths.length).toBeGreaterThan(5)
  for (const path of paths) {
    const [got, head] = [await ask(path), await ask(path, { method: 'HEAD' })]
    expect([path, head.status, await head.text()]).toEqual([path, got.status, ''])
    for (const name of ['content-length', 'content-type', 'etag', 'cache-control'])
      expect([path, name, head.headers.get(name)]).toEqual([path, name, got.headers.get(name)])
    if (/^\/heads?(\.json)?$/.test(path)) expect(got.headers.get('cache-control')).toBe('no-store')
  }
})

describe('a page of another origin', () => {
  const origin = 'https://app.example'

  async function allowed(origins: Origins | undefined): Promise<string | null> {
    const own = await startServer(
      siteOf(registrar),
      { host: '127.0.0.1', port: 0, origins },
      REGISTRAR_LIMITS,
    )
    const answer = await fetch(`${urlOf(own)}/head.json`, { headers: { origin } })
    await own.close()
    return answer.headers.get('access-control-allow-origin')
  }

  test('may read the registry and enroll, or may not, as the operator says', async () => {
    expect(await allowed(undefined)).toBe('*')
    expect(await allowed([origin])).toBe(origin)
    expect(await allowed(['https://other.example'])).toBeNull()
    expect(await allowed([])).toBeNull()
    const preflight = await ask('/enroll', {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    })
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([204, 'POST'])
  })

  test('is told nothing by the socket for the operator’s orders', async () => {
    const orders = await takeOrders(folder, registrar)
    onTestFinished(() => orders?.close())
    for (const method of ['OPTIONS', 'POST', 'GET']) {
      const headers = await new Promise<object>((resolve, reject) => {
        const socketPath = join(folder, 'control.sock')
        const sending = request(
          { socketPath, method, headers: { origin, 'access-control-request-method': 'POST' } },
          (response) => resolve(response.resume().headers),
        ).on('error', reject)
        sending.end('{}')
      })
      expect(Object.keys(headers).filter((name) => /^access-control|^allow/.test(name))).toEqual([])
    }
  })
})

describe('registrar serve', () => {
  const SOURCE = new URL('../../cli/node/registrar/registrar.ts', import.meta.url).pathname
  let own: string
  beforeAll(async () => {
    own = await newRegistry(testPolicy())
  })
  afterAll(() => rm(dirname(own), { recursive: true, force: true }))

  async function served(...args: readonly string[]): Promise<string> {
    const program = new Program([...nodeArguments(SOURCE), 'serve', own, '--port', '0', '--json', ...args])
    onTestFinished(async () => void (await program.stop()))
    return (JSON.parse(await program.firstLine()) as { url: string }).url
  }

  async function refused(
    ...args: readonly string[]
  ): Promise<{ readonly exit: number; readonly stderr: string }> {
    const program = new Program([...nodeArguments(SOURCE), 'serve', own, '--port', '0', ...args])
    return { exit: (await program.ended()) ?? -1, stderr: program.stderr }
  }

  const statuses = async (url: string, times: number) => {
    const seen = []
    for (let i = 0; i < times; i++) seen.push((await fetch(`${url}/health`)).status)
    return seen
  }

  test('takes its limits from the folder, or from the file that is named', async () => {
    const named = join(dirname(own), 'wide.yaml')
    await writeFile(named, 'version: 1\nreads: { burst: 100, per_minute: 100 }\n')
    await writeFile(join(own, 'limits.yaml'), 'version: 1\nreads: { burst: 2, per_minute: 1 }\n')
    expect(await statuses(await served(), 3)).toEqual([200, 200, 429])
  })

  test('prefers the file that is named, and allows the origins that are', async () => {
    const url = await served(
      '--limits',
      join(dirname(own), 'wide.yaml'),
      '--allow-origin',
      'https://app.example',
    )
    expect(await statuses(url, 3)).toEqual([200, 200, 200])
    const of = async (origin: string) =>
      (await fetch(`${url}/health`, { headers: { origin } })).headers.get('access-control-allow-origin')
    expect([await of('https://app.example'), await of('https://evil.example')]).toEqual([
      'https://app.example',
      null,
    ])
  })

  test('speaks in lines of JSON where no person sits, and in words where its operator wants them', async () => {
    const said = async (...args: readonly string[]): Promise<readonly string[]> => {
      const program = new Program([...nodeArguments(SOURCE), 'serve', own, '--port', '0', '--json', ...args])
      const { url } = JSON.parse(await program.firstLine()) as { url: string }
      await fetch(`${url}/head.json`)
      expect(await program.stop()).toBe(0)
      return program.stderr.trimEnd().split('\n')
    }
    const lines = (await said('--log-requests')).map((line) => JSON.parse(line) as object)
    expect(lines).toMatchObject([
      { level: 'info', program: 'registrar', event: 'request', route: '/head.json', status: 200 },
      { level: 'info', program: 'registrar', event: 'said', text: 'finishing what is in hand' },
    ])
    expect(await said('--log', 'words')).toEqual(['registrar: finishing what is in hand'])
    expect(await refused('--log', 'xml')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('[USAGE]'),
    })
  })

  test('does not start with limits that it cannot read, or with what is no origin', async () => {
    await writeFile(join(own, 'limits.yaml'), 'version: 1\nread: { burst: 2, per_minute: 1 }\n')
    expect(await refused()).toMatchObject({ exit: 4, stderr: expect.stringContaining('[MEMBER_UNKNOWN]') })
    await rm(join(own, 'limits.yaml'))
    expect(await refused('--limits', 'nowhere')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('[FILE_NOT_FOUND]'),
    })
    expect(await refused('--allow-origin', 'app.example')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('[USAGE]'),
    })
  })
})

test('docs/operators.md has the defaults of every limit', async () => {
  const [all = '', ofPeers = ''] = yamlBlocks(readInRepository('docs/operators.md')).filter((block) =>
    block.includes('per_client'),
  )
  const file = join(dirname(folder), 'documented.yaml')
  await writeFile(file, all + ofPeers)
  const nothing = { writes: NO_RATE, reads: NO_RATE, concurrent: 0, connections: 0, perAddress: 0 }
  const none = { ...nothing, headersMs: 0, requestMs: 0, responseMs: 0, checkMs: REGISTRAR_LIMITS.checkMs }
  expect(await readNodeLimits(file, { ...none, peers: nothing })).toEqual({
    limits: { ...REGISTRAR_LIMITS, peers: PEER_LIMITS },
    peerAddresses: ['203.0.113.7'],
  })
})
