import { mkdir, readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { openBackend } from '@vouch/circuits/node'
import { type Limits, type RunningServer, startServer } from '@vouch/host/http'
import {
  type ErrorCode,
  MAX_ENROLLMENT_BYTES,
  parseBucket,
  parseHead,
  parseReceipt,
  parseTicket,
  printEnrollment,
  printNonceRequest,
} from '@vouch/protocol'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { REGISTRAR_ROUTES } from '../node/http/routes.js'
import { REGISTRAR_LIMITS, siteOf } from '../node/http/site.js'
import { openRegistrar, type Registrar } from '../node/open-registrar.js'
import { openMirror, openSource } from '../node/public-folder.js'
import { registrarFolder } from '../node/serving/registrar-folder.js'
import { parsePolicies } from '../src/policies.js'
import { syncRegistry } from '../src/sync.js'
import {
  type Lies,
  newClient,
  newRegistry,
  removal,
  THREE_REFUSALS,
  THRICE_REFUSED,
  testPolicy,
} from '../testing/enrolling.js'
import { noteLines } from '../testing/notes.js'

// A registrar behind its HTTP interface, on loopback, and strangers before it.

const policy = testPolicy()
const backend = openBackend({ kind: 'native' })
let folder: string
let registrar: Registrar
let server: RunningServer

beforeAll(async () => {
  folder = await newRegistry(policy)
  registrar = await openRegistrar(folder, { key: registrarFolder(folder).signerKey })
  server = await startServer(siteOf(registrar), { host: '127.0.0.1', port: 0 }, REGISTRAR_LIMITS)
})
afterAll(async () => {
  await server.close()
  await registrar.close()
  await backend.destroy()
  await rm(dirname(folder), { recursive: true, force: true })
})

const urlOf = ({ address }: RunningServer): string => `http://127.0.0.1:${address.port}`

function post(at: RunningServer, path: string, body: BodyInit, type = 'application/json'): Promise<Response> {
  return fetch(`${urlOf(at)}${path}`, { method: 'POST', headers: { 'content-type': type }, body })
}

const get = (path: string): Promise<Response> => fetch(`${urlOf(server)}${path}`)

async function codesIn(response: Response): Promise<readonly ErrorCode[]> {
  const { failures } = (await response.json()) as { failures: { code: ErrorCode }[] }
  return failures.map(({ code }) => code)
}

const refusalLines = (): Promise<readonly string[]> => noteLines(registrar.registry, 'refusal')

/** A server of its own for one test, with limits that the test can reach. */
async function withLimits<T>(limits: Partial<Limits>, use: (own: RunningServer) => Promise<T>): Promise<T> {
  const own = await startServer(
    siteOf(registrar),
    { host: '127.0.0.1', port: 0 },
    { ...REGISTRAR_LIMITS, ...limits },
  )
  try {
    return await use(own)
  } finally {
    await own.close()
  }
}

describe('by HTTP', () => {
  test('a client gets a nonce, is admitted, and is published with the next head', async () => {
    const client = newClient(backend, policy)
    const asked = await post(
      server,
      '/nonce',
      printNonceRequest({ version: 1, credential: client.credential }),
    )
    expect(asked.status).toBe(200)
    const ticket = parseTicket(await asked.text())
    const before = await registrar.head()

    const answer = await post(server, '/enroll', printEnrollment(await client.enroll(ticket)))
    expect(answer.status).toBe(201)
    const receipt = parseReceipt(await answer.text())
    expect(receipt.credential).toBe(client.credential)
    expect(await (await get('/leaves.json')).json()).toMatchObject({ size: before.size })

    const head = await registrar.registry.cutHead()
    expect(parseHead(await (await get('/head.json')).text())).toEqual(head)
    const bucket = new Uint8Array(await (await get('/leaves/0')).arrayBuffer())
    const { credential, policyId, expiresAt } = receipt
    expect(parseBucket(bucket)).toContainEqual({ credential, policyId, expiresAt })
  })

  test('a copy is synced, and has the files that a folder of a registry has', async () => {
    const copy = join(dirname(folder), 'copy')
    const mirror = await openMirror(copy)
    const synced = await syncRegistry({ source: await openSource(urlOf(server)), mirror })
    expect(synced).toMatchObject({ head: await registrar.head(), buckets: 1 })
    expect(parseHead(await readFile(join(copy, 'head.json')))).toEqual(await registrar.head())
    expect(parsePolicies(await readFile(join(copy, 'policies.json')))).toEqual([policy])
    const third = await openMirror(join(dirname(folder), 'copy of the copy'))
    expect(await syncRegistry({ source: await openSource(copy), mirror: third })).toMatchObject({
      fetched: 1,
    })
  })

  test('a bucket follows every head: members that come, and members that are removed', async () => {
    const bucket = async () => parseBucket(new Uint8Array(await (await get('/leaves/0')).arrayBuffer()))
    const before = await bucket()
    expect(await bucket()).toEqual(before)
    const client = newClient(backend, policy)
    const admission = await registrar.admit(
      new TextEncoder().encode(printEnrollment(await client.enroll(registrar.nonce(client.credential)))),
      'test',
    )
    if (!admission.admitted) throw new Error('an honest client')
    expect(await bucket()).toEqual(before)
    await registrar.registry.cutHead()
    expect((await bucket()).at(admission.number)?.credential).toBe(client.credential)
    await registrar.carryOut(removal(client.credential, 'for the test'))
    expect(await bucket()).toEqual([...before, undefined])
  })

  test('heads come in order, and after the one that is known', async () => {
    const { heads } = (await (await get('/heads')).json()) as { heads: { seq: number }[] }
    expect(heads.map(({ seq }) => seq)).toEqual(heads.map((_, i) => i))
    const later = await get(`/heads?after=${heads.length - 1}`)
    expect(await later.json()).toEqual({ heads: [] })
  })

  test('the document describes every route, and what they answer', async () => {
    const document = (await (await get('/openapi.json')).json()) as {
      paths: Record<string, object>
      components: { schemas: Record<string, object> }
    }
    const described = Object.entries(document.paths).map(([path, operations]) => [
      path,
      Object.keys(operations),
    ])
    expect(described).toEqual(
      Object.entries(REGISTRAR_ROUTES).map(([path, { method }]) => [path, [method.toLowerCase()]]),
    )
    const ajv = new Ajv2020({ strict: false }).addSchema({ ...document, $id: 'api' })
    const answers: readonly [string, string][] = [
      ['/head.json', 'Head'],
      ['/heads', 'Heads'],
      ['/leaves.json', 'BucketIndex'],
      ['/policies.json', 'Policies'],
      ['/health', 'Health'],
      ['/ready', 'Readiness'],
      ['/nowhere', 'Failures'],
    ]
    for (const [path, schema] of answers) {
      const isValid = ajv.compile({ $ref: `api#/components/schemas/${schema}` })
      isValid(await (await get(path)).json())
      expect(isValid.errors ?? [], path).toEqual([])
    }
    expect(await (await get('/health')).json()).toEqual({ status: 'ok' })
    const unavailable = { $ref: '#/components/schemas/Failures' }
    expect(document).toHaveProperty(
      ['paths', '/ready', 'get', 'responses', '503', 'content', 'application/json', 'schema'],
      unavailable,
    )
  })
})

describe('a stranger', () => {
  test('that lies is refused with a code, leaves nothing but a line in the private log', async () => {
    const client = newClient(backend, policy)
    const lies = { unproven: true, report: { debug: true } }
    const enrollment = await client.enroll(registrar.nonce(client.credential), lies)
    const [lines, before] = [await refusalLines(), await registrar.registry.counts()]
    const answer = await post(server, '/enroll', printEnrollment(enrollment))
    expect(answer.status).toBe(403)
    expect(await codesIn(answer)).toEqual(['DEBUG_NOT_ACCEPTED'])
    expect(await registrar.registry.counts()).toEqual(before)
    const added = (await refusalLines()).slice(lines.length)
    expect(added).toHaveLength(1)
    expect(JSON.parse(added[0] ?? '')).toMatchObject({ from: '127.0.0.1', codes: 'DEBUG_NOT_ACCEPTED' })
  })

  test('is told everything that a policy says no to, with what it wants and what it was given', async () => {
    const client = newClient(backend, policy)
    const enrollment = await client.enroll(registrar.nonce(client.credential), THRICE_REFUSED)
    const answer = await post(server, '/enroll', printEnrollment(enrollment))
    expect(answer.status).toBe(403)
    expect(await answer.json()).toEqual({ failures: THREE_REFUSALS })
    const described = JSON.stringify(await (await get('/openapi.json')).json())
    for (const member of Object.keys(THREE_REFUSALS[0] ?? {})) expect(described).toContain(`"${member}":{`)
  })

  test.each<[string, string, string, string, number, ErrorCode]>([
    ['too much to /nonce', '/nonce', 'x'.repeat(1025), 'application/json', 413, 'TOO_LARGE'],
    [
      'too much to /enroll',
      '/enroll',
      'x'.repeat(MAX_ENROLLMENT_BYTES + 1),
      'application/json',
      413,
      'TOO_LARGE',
    ],
    ['no JSON', '/enroll', '{', 'application/json', 400, 'JSON_MALFORMED'],
    ['what a web page can send without asking', '/nonce', '{}', 'text/plain', 400, 'VALUE_MALFORMED'],
    [
      'a credential of p and more',
      '/nonce',
      `{"version":1,"credential":"${'f'.repeat(64)}"}`,
      'application/json',
      400,
      'VALUE_OUT_OF_RANGE',
    ],
    ['to nowhere', '/admin', '{}', 'application/json', 404, 'USAGE'],
  ])('that sends %s is refused, with one line in the log', async (_, path, body, type, status, code) => {
    const before = await refusalLines()
    const answer = await post(server, path, body, type)
    expect(answer.status).toBe(status)
    expect(await codesIn(answer)).toEqual([code])
    expect(await refusalLines()).toHaveLength(before.length + 1)
  })

  test('that does not say how much it sends is cut off at the limit', async () => {
    const answer = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const sending = request(
        `${urlOf(server)}/nonce`,
        { method: 'POST', headers: { 'content-type': 'application/json' } },
        (response) => {
          let body = ''
          response
            .on('data', (part) => (body += part))
            .on('end', () => resolve({ status: response.statusCode, body }))
        },
      ).on('error', reject)
      sending.write('x'.repeat(700))
      setImmediate(() => sending.write('x'.repeat(700)))
    })
    expect(answer.status).toBe(413)
    expect(answer.body).toContain('TOO_LARGE')
  })

  test.each([
    '/leaves/1023',
    '/leaves/9999',
    '/leaves/-1',
    '/leaves/',
    '/../log',
    '/signer.key',
    '/head.json?x=1',
  ])('that gets %s finds nothing', async (path) => {
    expect((await get(path)).status).toBe(404)
  })

  test('that floods is told to wait, and noted once', async () => {
    await withLimits({ writes: { burst: 3, perSecond: 0.01 } }, async (own) => {
      const before = await refusalLines()
      const nonce = () => post(own, '/nonce', printNonceRequest({ version: 1, credential: 7n }))
      const answers = []
      for (let i = 0; i < 20; i++) answers.push(await nonce())
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, ...new Array<number>(17).fill(429)])
      expect(answers.at(-1)?.headers.get('retry-after')).toBe('30')
      expect((await refusalLines()).slice(before.length)).toEqual([expect.stringContaining('RATE_LIMITED')])
      expect((await fetch(`${urlOf(own)}/head.json`)).status).toBe(200)
    })
  })

  test('that comes when the registrar has enough in hand is told so', async () => {
    await withLimits({ concurrent: 0 }, async (own) => {
      const answer = await fetch(`${urlOf(own)}/head.json`)
      expect(answer.status).toBe(503)
      expect(await codesIn(answer)).toEqual(['BUSY'])
    })
  })

  test('that is told so is noted when it sent something', async () => {
    await withLimits({ concurrent: 0 }, async (own) => {
      const before = await refusalLines()
      const answer = await post(own, '/nonce', printNonceRequest({ version: 1, credential: 7n }))
      expect(answer.status).toBe(503)
      expect((await refusalLines()).slice(before.length)).toEqual([expect.stringContaining('"codes":"BUSY"')])
    })
  })

  test.each([
    ['headers', 'POST /nonce HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    [
      'body',
      'POST /nonce HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
    ],
  ])('that never ends its %s is hung up on', async (_, start) => {
    await withLimits({ headersMs: 100, requestMs: 150, checkMs: 25 }, async (own) => {
      const heard = await new Promise<string>((resolve, reject) => {
        let text = ''
        const socket = connect(own.address.port, '127.0.0.1', () => socket.write(start))
        socket
          .on('data', (part) => (text += part))
          .on('end', () => resolve(text))
          .on('error', reject)
      })
      expect(heard).toMatch(/^HTTP\/1\.1 408 /)
    })
  })
})

describe('lists that the registrar keeps', () => {
  const collateral = () => registrarFolder(folder).collateral
  const enroll = async (lies: Lies = {}) => {
    const client = newClient(backend, policy)
    const enrollment = await client.enroll(registrar.nonce(client.credential), { unproven: true, ...lies })
    return post(server, '/enroll', printEnrollment(enrollment))
  }

  test('and cannot read keep everybody out: a stranger is told that, and no path; the log has a line', async () => {
    await mkdir(join(collateral(), 'a folder'), { recursive: true })
    const before = await refusalLines()
    const answer = await enroll()
    expect(answer.status).toBe(503)
    const body = await answer.text()
    expect(body).toContain('STORAGE_FAILED')
    expect(body).not.toContain(dirname(folder))
    expect((await refusalLines()).slice(before.length)).toEqual([expect.stringContaining('STORAGE_FAILED')])
  })

  test('are not read for what is refused without them', async () => {
    expect(await codesIn(await post(server, '/enroll', '{'))).toEqual(['JSON_MALFORMED'])
    expect(await codesIn(await enroll({ fields: { policyId: 7n } }))).toEqual(['POLICY_NOT_ACCEPTED'])
    await rm(collateral(), { recursive: true })
    expect(await codesIn(await enroll())).toEqual(['PROOF_FALSE'])
  })
})

test('what nobody expected is told to nobody but the private log: that it happened', async () => {
  const broken = { ...registrar, admit: () => Promise.reject(new Error(`no such file: ${folder}`)) }
  const own = await startServer(siteOf(broken), { host: '127.0.0.1', port: 0 }, REGISTRAR_LIMITS)
  const before = await refusalLines()
  const answer = await post(own, '/enroll', '{}')
  expect(answer.status).toBe(500)
  expect(await answer.text()).not.toContain(folder)
  expect((await refusalLines()).slice(before.length)).toEqual([expect.stringContaining('"codes":"INTERNAL"')])
  await own.close()
})

describe('a server that is told to end', () => {
  test('finishes what is in hand', async () => {
    let taken = (): void => undefined
    const inHand = new Promise<void>((resolve) => {
      taken = resolve
    })
    const telling = {
      ...registrar,
      admit: (file: Uint8Array, from: string) => {
        taken()
        return registrar.admit(file, from)
      },
    }
    const own = await startServer(siteOf(telling), { host: '127.0.0.1', port: 0 }, REGISTRAR_LIMITS)
    const client = newClient(backend, policy)
    const enrollment = printEnrollment(await client.enroll(registrar.nonce(client.credential)))
    const answer = post(own, '/enroll', enrollment)
    await inHand
    const [admitted] = await Promise.all([answer, own.close()])
    expect(admitted.status).toBe(201)
    await expect(fetch(`${urlOf(own)}/health`)).rejects.toThrow()
  })

  test('says so when its port is taken', async () => {
    const taken = startServer(
      siteOf(registrar),
      { host: '127.0.0.1', port: server.address.port },
      REGISTRAR_LIMITS,
    )
    await expect(taken).rejects.toMatchObject({ code: 'USAGE' })
  })
})
