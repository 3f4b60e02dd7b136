import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { authenticate, parseEvidence } from '@vouch/evidence'
import type { Limits } from '@vouch/host/http'
import {
  auxOf,
  buildServiceTree,
  closureHash,
  drvOf,
  type ErrorCode,
  fromHex,
  osImageHash,
  parseAttestation,
  parseGuest,
  printAttestationRequest,
  reportData,
  serviceRoot,
  toHex,
  toInteger,
} from '@vouch/protocol'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { AGENT_LIMITS, type RunningAgent, startAgent } from '../node/agent.js'
import { readConfiguration } from '../node/configuration-file.js'
import { AGENT_ROUTES } from '../node/http/routes.js'
import type { LogEvent } from '../node/log.js'
import { measure } from '../node/measure.js'
import { openKeyStore } from '../node/state.js'
import { hashClosure } from '../node/store/hash-store.js'
import {
  announce,
  announcing,
  keyJson,
  keyOf,
  MEASUREMENT,
  simulated,
  UID,
  writeConfiguration,
} from '../testing/agents.js'
import { folder, named, newFolder, plant } from '../testing/stores.js'

// An agent with the simulated provider, its services on their sockets and strangers by HTTP.

let scratch: string
let lines: string[]
const agents: RunningAgent[] = []

beforeEach(async () => {
  scratch = await newFolder()
  lines = []
})
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()))
  await rm(scratch, { recursive: true, force: true })
})

async function start(path: string, limits: Limits = AGENT_LIMITS): Promise<RunningAgent> {
  const log = (event: LogEvent): void => void lines.push(JSON.stringify(event))
  const agent = await startAgent(await readConfiguration(path), { host: '127.0.0.1', port: 0, log, limits })
  agents.push(agent)
  return agent
}

const urlOf = ({ address }: RunningAgent): string => `http://127.0.0.1:${address.port}`
const get = (agent: RunningAgent, path: string) => fetch(`${urlOf(agent)}${path}`)
const post = (agent: RunningAgent, body: string) =>
  fetch(`${urlOf(agent)}/attestation`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
const socketOf = (name: string) => join(scratch, name, 'announce.sock')

async function codesIn(response: Response): Promise<readonly ErrorCode[]> {
  const { failures } = (await response.json()) as { failures: { code: ErrorCode }[] }
  return failures.map(({ code }) => code)
}

/** An agent whose two services have announced their keys. */
async function started(limits?: Limits): Promise<RunningAgent> {
  const agent = await start(await writeConfiguration(scratch, ['echo', 'time']), limits)
  await announce(socketOf('echo'), keyOf(1))
  await announce(socketOf('time'), keyOf(2))
  return agent
}

describe('an agent', () => {
  test('binds its services and a nonce into evidence that authenticates', async () => {
    const agent = await started()
    const guest = parseGuest(await (await get(agent, '/info')).text())
    const nonce = new Uint8Array(randomBytes(32))
    const answer = await post(agent, printAttestationRequest({ version: 1, nonce }))
    expect(answer.status).toBe(200)
    const attestation = parseAttestation(await answer.text())

    expect(buildServiceTree(guest.services).root).toBe(attestation.smtRoot)
    expect(attestation.nonce).toEqual(nonce)
    expect(attestation.osImageHash).toEqual(guest.osImageHash)
    const expected = reportData(guest.osImageHash, guest.smtRoot, auxOf(attestation.gpuDigest, nonce))
    expect(attestation.reportData).toEqual(expected)
    const files = attestation.evidence.map((bytes, i) => ({ name: `${i}`, bytes }))
    const { evidence } = await parseEvidence(files)
    const { authentic, failures } = await authenticate(evidence, 1_800_000_000)
    expect(failures).toEqual([])
    expect(authentic?.claims).toMatchObject({ kind: 'simulated-snp', measurement: MEASUREMENT })
    const slots = files.filter(({ bytes }) => toHex(bytes).includes(toHex(expected)))
    expect(slots).toHaveLength(1)
  })

  test('proves each of its services, by name', async () => {
    const agent = await started()
    const guest = parseGuest(await (await get(agent, '/info')).text())
    for (const service of guest.services) {
      const proof = (await (await get(agent, `/services/${service.name}/proof`)).json()) as {
        service: object
        siblings: string[]
      }
      expect(proof.service).toMatchObject({ name: service.name, public_key: keyJson(service.publicKey) })
      expect(
        serviceRoot(
          service,
          proof.siblings.map((hex) => toInteger(fromHex(hex))),
        ),
      ).toBe(guest.smtRoot)
    }
    const none = await get(agent, '/services/none/proof')
    expect(none.status).toBe(404)
    expect(await codesIn(none)).toEqual(['LEAF_MISSING'])
  })

  test('attests nothing before every service has announced its key, and says who is awaited', async () => {
    const agent = await start(await writeConfiguration(scratch, ['echo', 'time']))
    await announce(socketOf('time'), keyOf(2))
    const waiting = await get(agent, '/ready')
    expect(waiting.status).toBe(503)
    expect(await waiting.json()).toMatchObject({ failures: [{ code: 'SERVICES_AWAITED', given: 'echo' }] })
    expect(await (await get(agent, '/health')).json()).toEqual({ status: 'ok' })
    const nonce = printAttestationRequest({ version: 1, nonce: new Uint8Array(32) })
    for (const asked of [get(agent, '/info'), get(agent, '/services/time/proof'), post(agent, nonce)]) {
      const answer = await asked
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toBe('5')
      expect(await codesIn(answer)).toEqual(['SERVICES_AWAITED'])
    }
    await announce(socketOf('echo'), keyOf(1))
    const ready = await get(agent, '/ready')
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }])
    expect((await post(agent, nonce)).status).toBe(200)
  })

  test('lets no service announce a second key, nor the key of another', async () => {
    const agent = await started()
    const before = parseGuest(await (await get(agent, '/info')).text()).smtRoot
    expect(await announce(socketOf('echo'), keyOf(3))).toContain('KEY_CONFLICT')
    expect(await announce(socketOf('echo'), keyOf(2))).toContain('KEY_CONFLICT')
    expect(await announce(socketOf('echo'), keyOf(1))).toContain('accepted')
    expect(parseGuest(await (await get(agent, '/info')).text()).smtRoot).toBe(before)
  })

  test('answers many at once', async () => {
    const agent = await started({ ...AGENT_LIMITS, writes: { burst: 100, perSecond: 1 } })
    const nonces = Array.from({ length: 10 }, () => new Uint8Array(randomBytes(32)))
    const answers = await Promise.all(
      nonces.map(async (nonce) =>
        parseAttestation(await (await post(agent, printAttestationRequest({ version: 1, nonce }))).text()),
      ),
    )
    expect(answers.map(({ nonce }) => nonce)).toEqual(nonces)
  })

  test.each([
    ['no JSON', '{', 400, 'JSON_MALFORMED'],
    ['a short nonce', '{"version":1,"nonce":"00"}', 400, 'VALUE_MALFORMED'],
    [
      'REPORT_DATA of its own',
      `{"version":1,"nonce":"${'00'.repeat(32)}","report_data":"${'00'.repeat(64)}"}`,
      400,
      'MEMBER_UNKNOWN',
    ],
    ['too much', ' '.repeat(1025), 413, 'TOO_LARGE'],
  ] as const)('refuses a stranger that sends %s', async (_, body, status, code) => {
    const answer = await post(await started(), body)
    expect(answer.status).toBe(status)
    expect(await codesIn(answer)).toEqual([code])
    expect(lines.at(-1)).toBe(`{"event":"refused","from":"127.0.0.1","codes":["${code}"]}`)
  })

  test('refuses a stranger that asks too often', async () => {
    const agent = await started({ ...AGENT_LIMITS, writes: { burst: 1, perSecond: 0 } })
    const request = printAttestationRequest({ version: 1, nonce: new Uint8Array(32) })
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await post(agent, request)).status)
    expect(statuses).toEqual([200, 429, 429])
  })

  test('says in its log what happened, and no key', async () => {
    const agent = await started()
    await announce(socketOf('echo'), keyOf(3))
    const nonce = new Uint8Array(32).fill(0xab)
    await post(agent, printAttestationRequest({ version: 1, nonce }))
    await agent.close()
    agents.splice(0)
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(events.map(({ event }) => event)).toEqual([
      'started',
      'announced',
      'announced',
      'announcement_refused',
      'attested',
      'ending',
    ])
    expect(events[4]).toMatchObject({ nonce: 'ab'.repeat(32) })
    const keys = [1, 2, 3].flatMap((number) => Object.values(keyJson(keyOf(number))))
    for (const key of keys) expect(lines.join('\n')).not.toContain(key)
  })

  test('takes its sockets and its port away when it ends', async () => {
    const agent = await started()
    await agent.close()
    agents.splice(0)
    await expect(stat(socketOf('echo'))).rejects.toThrow()
    await expect(get(agent, '/health')).rejects.toThrow()
  })

  test('describes every route, and what they answer', async () => {
    const agent = await started()
    const document = (await (await get(agent, '/openapi.json')).json()) as { paths: Record<string, object> }
    const described = Object.entries(document.paths).map(([path, operations]) => [
      path,
      Object.keys(operations),
    ])
    expect(described).toEqual(
      Object.entries(AGENT_ROUTES).map(([path, { method }]) => [path, [method.toLowerCase()]]),
    )
    const ajv = new Ajv2020({ strict: false }).addSchema({ ...document, $id: 'api' })
    const answers: readonly [string, string][] = [
      ['/info', 'Guest'],
      ['/services/echo/proof', 'ServiceProof'],
      ['/health', 'Health'],
      ['/ready', 'Readiness'],
      ['/nowhere', 'Failures'],
    ]
    for (const [path, schema] of answers) {
      const isValid = ajv.compile({ $ref: `api#/components/schemas/${schema}` })
      isValid(await (await get(agent, path)).json())
      expect(isValid.errors ?? [], path).toEqual([])
    }
  })

  test('does not start where a folder lets others in', async () => {
    const path = await writeConfiguration(scratch, ['echo'])
    await chmod(join(scratch, 'echo'), 0o755)
    await expect(start(path)).rejects.toMatchObject({ code: 'FOLDER_EXPOSED' })
  })

  test('does not start where another one runs, and leaves that one be', async () => {
    const agent = await started()
    await expect(start(join(scratch, 'agent.yaml'))).rejects.toMatchObject({ code: 'SOCKET_TAKEN' })
    expect((await get(agent, '/info')).status).toBe(200)
    expect(await announce(socketOf('echo'), keyOf(1))).toContain('accepted')
  })

  test('does not start without the keys of the provider that it names', async () => {
    const path = await writeConfiguration(scratch, ['echo'], { provider: { ...simulated, keys: '/nowhere' } })
    await expect(start(path)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  })
})

describe('announced keys', () => {
  test('outlive the agent, and no other takes their place', async () => {
    await mkdir(join(scratch, 'state'), { mode: 0o700 })
    const path = await writeConfiguration(scratch, ['echo'], { state: join(scratch, 'state') })
    const first = await start(path)
    await announce(socketOf('echo'), keyOf(1))
    const { smtRoot } = parseGuest(await (await get(first, '/info')).text())
    await first.close()
    agents.splice(0)
    const second = await start(path)
    expect(parseGuest(await (await get(second, '/info')).text()).smtRoot).toBe(smtRoot)
    expect(await announce(socketOf('echo'), keyOf(2))).toContain('KEY_CONFLICT')
    expect((await stat(join(scratch, 'state', 'announced.json'))).mode & 0o777).toBe(0o600)
  })

  test('count for this boot and this image alone', async () => {
    const [image, other] = [new Uint8Array(32), new Uint8Array(32).fill(1)]
    const keys = [{ name: 'echo', publicKey: keyOf(1) }]
    await (await openKeyStore(scratch, image, 'boot-1')).keep(keys)
    expect((await openKeyStore(scratch, image, 'boot-1')).known).toEqual(keys)
    expect((await openKeyStore(scratch, image, 'boot-2')).known).toEqual([])
    expect((await openKeyStore(scratch, other, 'boot-1')).known).toEqual([])
  })

  test('that cannot be kept are not accepted', async () => {
    const store = await openKeyStore(join(scratch, 'nowhere'), new Uint8Array(32), 'boot-1')
    await expect(store.keep([])).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  })
})

describe('what is measured', () => {
  const [app, lib] = [named('1', 'app'), named('2', 'lib')]
  let store: string
  beforeAll(async () => {
    store = join(await newFolder(), 'store')
    await plant(join(store, app), folder({ bin: folder({ run: { run: `load ${store}/${lib}/so` } }) }))
    await plant(join(store, lib), folder({ so: 'code' }))
  })
  afterAll(() => rm(join(store, '..'), { recursive: true, force: true }))

  const configured = async (more: object, names: readonly string[] = ['echo']) => {
    const services = names.map((name, instance) => {
      const { drv: _, ...service } = announcing(scratch, name, { instance })
      return { ...service, program: join(store, app, 'bin/run') }
    })
    const path = await writeConfiguration(scratch, names)
    await writeFile(join(scratch, 'closure'), `${join(store, app)}\n${join(store, lib)}\n`)
    const closure = { store, list: 'closure' }
    await writeFile(path, stringify({ version: 1, provider: simulated, closure, services, ...more }))
    return readConfiguration(path)
  }

  test('covers the closure and the very bytes of the configuration', async () => {
    const file = await configured({})
    const { entries } = await hashClosure(store, [join(store, app), join(store, lib)], [])
    const measured = await measure(file)
    expect(measured.services[0]?.drv).toEqual(drvOf(entries, app, 'bin/run'))
    const bytes = new Uint8Array(await readFile(join(scratch, 'agent.yaml')))
    expect(measured.osImageHash).toEqual(osImageHash(entries, bytes))
    expect(toHex(closureHash(entries))).not.toBe(toHex(measured.osImageHash))
    await writeFile(join(scratch, 'agent.yaml'), `# a comment\n${new TextDecoder().decode(bytes)}`)
    const commented = await measure(await readConfiguration(join(scratch, 'agent.yaml')))
    expect(commented.osImageHash).not.toEqual(measured.osImageHash)
  })

  const genuine = { provider: { name: 'configfs-tsm' } }
  const withState = async () => {
    await mkdir(join(scratch, 'state'), { mode: 0o700 })
    return { ...genuine, state: 'state' }
  }

  test('on a machine that counts holds the agent itself', async () => {
    const others = async () => {
      const file = await configured(await withState())
      return { ...file, plan: { ...file.plan, services: [] } }
    }
    const file = await others()
    await expect(measure(file)).rejects.toMatchObject({ code: 'CLOSURE_OPEN' })
    await expect(measure(file, [join(store, app, 'bin/run')])).resolves.toBeDefined()
  })

  test('on a machine that counts needs a user for each service, neither the agent’s nor shared', async () => {
    const file = await configured(await withState())
    await expect(measure(file, [])).rejects.toMatchObject({
      code: 'CONFIGURATION_UNSOUND',
      given: `user ${UID}`,
    })
  })
})
