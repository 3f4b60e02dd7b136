import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Credential, type ErrorCode, printRequest, type Request } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeArguments } from '../../scripts/program.js'
import { proveWords } from '../../test/support/live.js'
import { type Alice, openAlice } from '../node/index.js'
import { type Front, startFront } from '../testing/front.js'
import { answerTo } from '../testing/guest.js'
import { openWorld, SHOP, type World } from '../testing/world.js'
import { socketsOf } from './support/sockets.js'

// From Request to bundle Alice talks to the service, and to no other server. A party that serves the registry, or watches her line,
// must not see when she answers, when she refuses, or that she was asked. The hook hears every socket that is opened; the
// front of the registrar hears what comes over a socket that was open before.

let world: World
let front: Front
let alice: Alice
let credential: Credential
const path = (name: string): string => join(world.folder, name)
const SOCKETS = fileURLToPath(new URL('support/sockets.ts', import.meta.url))
const PROGRAM = fileURLToPath(new URL('../../cli/node/alice/alice.ts', import.meta.url))

beforeAll(async () => {
  world = await openWorld()
  front = await startFront(world.registrarUrl)
  await world.crowd(17)
  alice = await openAlice({ home: path('home'), syncEvery: false })
  credential = await alice.enroll({ agent: world.guest.url, registrar: front.url, name: 'mine' })
  await world.registrar.registry.cutHead()
  await alice.sync(credential)
})
afterAll(async () => {
  await alice.close()
  await front.close()
  await world.close()
})

const hostOf = (url: string): string => new URL(url).host
const endpointOf = (name: string): string => {
  const endpoint = world.guest.guest.services.find((service) => service.name === name)?.endpoint ?? ''
  return hostOf(endpoint.replace('tcp:', 'http:'))
}

/** Sockets that were opened while she answered or refused; none was used that led to the registrar. */
async function talkOf(answering: () => Promise<unknown>): Promise<readonly string[]> {
  const heard = front.heard.length
  const sockets = await socketsOf(answering)
  expect(front.heard.slice(heard)).toEqual([])
  return sockets
}

const ask = (request: Request, service: string, more: object = {}) =>
  alice.vouchedFetch(request, { credential, verifier: SHOP, service, message: 'hello', ...more })

/** What she refuses, one for each of the reasons that a Bob can choose. */
const REFUSED: readonly [ErrorCode, () => Request, object][] = [
  ['ROOT_NOT_ACCEPTED', () => ({ ...world.ask(), root: 5n }), {}],
  ['REGISTRY_NOT_ACCEPTED', () => ({ ...world.ask(), registryId: new Uint8Array(32) }), {}],
  ['VERIFIER_MISMATCH', () => world.ask({ verifier: 'https://carol.example' }), {}],
  ['REQUEST_TOO_OLD', () => ({ ...world.ask(), now: 60 }), {}],
  ['POLICY_NOT_ACCEPTED', () => ({ ...world.ask(), policies: [7n] }), { caution: { minimumSet: 0 } }],
  ['SET_TOO_SMALL', () => world.ask(), { caution: { minimumSet: 1000 } }],
  ['TOO_FEW_SERVICES', () => ({ ...world.ask(), services: [new Uint8Array(32)] }), {}],
  ['CONTEXT_NOT_AGREED', () => world.ask({ context: new Uint8Array(32) }), {}],
  ['HEAD_TOO_OLD', () => world.ask(), { caution: { headAge: -1 } }],
]

describe('with a fresh copy', () => {
  test('the hook hears her where she does talk to the registrar', async () => {
    const fresh = await openAlice({ home: path('home'), syncEvery: false })
    const heard = front.heard.length
    const sockets = await socketsOf(() => fresh.sync(credential))
    await fresh.close()
    expect([sockets.length > 0, front.heard.length > heard]).toContain(true)
    expect(front.heard.slice(heard)).toEqual([
      'GET /head.json',
      'GET /leaves.json',
      'GET /policies.json',
      'GET /leaves/0',
    ])
  })

  test.each(['echo', 'oracle'])('vouchedFetch opens a socket to %s alone', async (service) => {
    const heard = world.guest.heard.length
    const sockets = await talkOf(() => ask(world.ask(), service))
    // A socket to the guest may be open from before, and serve again.
    expect([`to ${endpointOf(service)}`]).toEqual(expect.arrayContaining([...sockets]))
    expect(world.guest.heard.length).toBeGreaterThan(heard)
  })

  test('vouchedFetch asks the agent too, when it is told to: that is the machine of the service', async () => {
    const sockets = await talkOf(() => ask(world.ask(), 'oracle', { agent: world.guest.url }))
    const ofTheGuest = [`to ${hostOf(world.guest.url)}`, `to ${endpointOf('oracle')}`]
    expect(ofTheGuest).toEqual(expect.arrayContaining([...sockets]))
    expect(sockets).toContain(`to ${endpointOf('oracle')}`)
  })

  test('prove opens none', async () => {
    const request = world.ask()
    const asked = { version: 2, clientNonce: request.challenge, salt: new Uint8Array(32) } as const
    const response = answerTo({ ...asked, message: new Uint8Array() }, 'oracle')
    expect(await talkOf(() => alice.prove(request, response, { credential, verifier: SHOP }))).toEqual([])
  })

  test.each(REFUSED)(
    'what she refuses with %s opens none, and none of the service either',
    async (code, request, more) => {
      const before = world.guest.heard.length
      const refusing = async () => {
        await expect(ask(request(), 'echo', more)).rejects.toMatchObject({ code })
      }
      expect(await talkOf(refusing)).toEqual([])
      expect(world.guest.heard).toHaveLength(before)
    },
  )
})

test('what waits to be published opens none where a fresh copy has it: a program that starts to answer tells no server', async () => {
  expect(await talkOf(() => alice.published(credential))).toEqual([])
  const old = await openAlice({
    home: path('home'),
    syncEvery: false,
    now: () => Math.floor(Date.now() / 1000) + 7200,
  })
  const heard = front.heard.length
  await old.published(credential)
  await old.close()
  expect(front.heard.length).toBeGreaterThan(heard) // a copy of two hours ago is brought up to date
})

test('without a copy she refuses, and fetches none', async () => {
  const elsewhere = await openAlice({ home: path('elsewhere'), syncEvery: false })
  const refusing = async () => {
    const given = { credential, verifier: SHOP, service: 'echo', message: 'hello' }
    await expect(elsewhere.vouchedFetch(world.ask(), given)).rejects.toMatchObject({
      code: 'HEAD_MISSING',
      hint: 'alice sync',
    })
  }
  expect(await talkOf(refusing)).toEqual([])
  await elsewhere.close()
})

describe('alice prove, as a process,', () => {
  /** What the process opened, from its first instruction to its last. */
  async function sockets(request: Request, ...more: readonly string[]) {
    const [file, heard] = [path('request.json'), path('sockets')]
    await writeFile(file, printRequest(request))
    await rm(heard, { force: true })
    await writeFile(heard, '')
    const [node = '', ...args] = nodeArguments(PROGRAM)
    const hooked = ['--import', 'tsx', '--import', SOCKETS, ...args]
    const proving = proveWords(path('home'), file, SHOP, 'mine')
    const asking = ['--service', 'oracle', '--message', 'hello', '--out', path('bundle.json')]
    const env = { ...process.env, VOUCH_SOCKETS: heard }
    const exit = await new Promise((resolve) => {
      execFile(node, [...hooked, ...proving, ...asking, ...more], { env }, (error) =>
        resolve(error?.code ?? 0),
      )
    })
    return { exit, opened: (await readFile(heard, 'utf8')).split('\n').filter((line) => line !== '') }
  }

  test('opens a socket to the service alone', async () => {
    const { exit, opened } = await sockets(world.ask())
    expect({ exit, opened }).toEqual({ exit: 0, opened: [`to ${endpointOf('oracle')}`] })
  })

  test('opens none when it refuses', async () => {
    expect(await sockets({ ...world.ask(), root: 5n })).toEqual({ exit: 3, opened: [] })
    expect(await sockets(world.ask(), '--min-set', '1000')).toEqual({ exit: 3, opened: [] })
  })
})
