import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Answer,
  decodeEnvelope,
  type ErrorCode,
  encodeEnvelope,
  fromHex,
  parseHead,
  parseReceipt,
  printHead,
  printReceipt,
  printRequest,
  signHead,
} from '@vouch/protocol'
import { type Front, startFront } from '@vouch/prover/testing/front'
import { type Lies, signAs } from '@vouch/prover/testing/guest'
import { openWorld, SHOP, type World } from '@vouch/prover/testing/world'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Ended, installedCommands } from '../../fixtures/story/commands.js'
import { codeOf, filesBelow, isThere, proveWords } from '../support/live.js'

// Parties that lie, as servers, to the command `alice`: she says which rule is broken, by status and code, and leaves nothing.

const commands = installedCommands()
let world: World
let front: Front
let home: string
const path = (name: string): string => join(world.folder, name)
const alice = (...args: readonly string[]): Promise<Ended> => commands.call('alice', ...args, '--json')

beforeAll(async () => {
  world = await openWorld()
  front = await startFront(world.registrarUrl)
  await world.crowd(20)
  home = path('home')
  const urls = ['--agent', world.guest.url, '--registrar', world.registrarUrl]
  expect((await alice('--home', home, 'enroll', ...urls, '--name', 'mine')).exit).toBe(0)
  await world.registrar.registry.cutHead()
  expect((await alice('--home', home, 'sync')).exit).toBe(0)
})
afterAll(async () => {
  await commands.stopAll()
  await front.close()
  await world.close()
})

let liedTo = 0
let fresh: string
beforeEach(() => {
  fresh = path(`lied-to-${liedTo++}`)
})
afterEach(() => {
  world.guest.lies = {}
  front.change = (_, body) => body
})

async function expectNothingKept(): Promise<void> {
  expect(await filesBelow(join(fresh, 'credentials'))).toEqual([])
}

describe('an agent', () => {
  test.each<[string, Lies, number, ErrorCode]>([
    [
      'lists services of another tree',
      { guest: (guest) => ({ ...guest, smtRoot: 7n }) },
      2,
      'SERVICE_TREE_FALSE',
    ],
    [
      'attests another tree',
      { attestation: (honest) => ({ ...honest, smtRoot: 7n }) },
      2,
      'SERVICE_TREE_FALSE',
    ],
    ['replays evidence', { nonce: new Uint8Array(32).fill(9) }, 2, 'REPORT_DATA_MISMATCH'],
    [
      'has evidence of other REPORT_DATA',
      { report: { reportData: new Uint8Array(64) } },
      2,
      'REPORT_DATA_MISMATCH',
    ],
    ['runs in a guest that may be debugged', { report: { debug: true } }, 3, 'DEBUG_NOT_ACCEPTED'],
    [
      'has no evidence',
      { attestation: (honest) => ({ ...honest, evidence: [new Uint8Array(9)] }) },
      4,
      'EVIDENCE_MISSING',
    ],
  ])('that %s is found out before anything is sent or kept', async (_, lies, exit, code) => {
    const before = await world.registrar.registry.counts()
    world.guest.lies = lies
    const urls = ['--agent', world.guest.url, '--registrar', world.registrarUrl]
    const ended = await alice('--home', fresh, 'enroll', ...urls)
    expect({ exit: ended.exit, code: codeOf(ended) }).toEqual({ exit, code })
    expect(await world.registrar.registry.counts()).toEqual(before)
    expect(await filesBelow(join(fresh, 'drafts'))).toEqual([])
    await expectNothingKept()
  })
})

describe('a service', () => {
  const stale = ({ envelope }: Answer): Answer => {
    const content = decodeEnvelope(envelope)
    const old = encodeEnvelope({ ...content, time: content.time - 3600 })
    return { version: 1, envelope: old, signature: signAs('echo', old) }
  }
  test.each<[string, Lies, number, ErrorCode]>([
    [
      'signs with another key',
      { answer: ({ envelope }) => ({ version: 1, envelope, signature: signAs('oracle', envelope) }) },
      2,
      'SIGNATURE_FALSE',
    ],
    ['answers with a stale envelope', { answer: stale }, 3, 'RESPONSE_TIME_REFUSED'],
    ['refuses', { wire: 'refusal' }, 4, 'BUSY'],
  ])('that %s leads to no bundle, and uses nothing up', async (_, lies, exit, code) => {
    world.guest.lies = lies
    const [request, out] = [path('request.json'), path('bundle.json')]
    await writeFile(request, printRequest(world.ask()))
    const asking = ['--service', 'echo', '--message', 'hello', '--out', out]
    const ended = await alice(...proveWords(home, request, SHOP, 'mine'), ...asking)
    expect({ exit: ended.exit, code: codeOf(ended) }).toEqual({ exit, code })
    expect(await isThere(out)).toBe(false)
    expect(await filesBelow(join(home, 'ledger'))).toEqual([])
  })
})

describe('a registrar', () => {
  const enroll = () => alice('--home', fresh, 'enroll', '--agent', world.guest.url, '--registrar', front.url)

  test('that tags her with a policy of her own is not gone along with', async () => {
    front.change = (at, body) =>
      at === '/enroll' ? printReceipt({ ...parseReceipt(body), policyId: 0xabn }) : body
    const ended = await enroll()
    expect({ exit: ended.exit, code: codeOf(ended) }).toEqual({ exit: 3, code: 'RECEIPT_NOT_ACCEPTED' })
    await expectNothingKept()
  })

  test('that shows two histories is found out by whoever saw the first, and nothing is asked or sent', async () => {
    const key = fromHex((await readFile(join(world.registry, 'signer.key'), 'utf8')).trim())
    const [request, out] = [path('forked-request.json'), path('forked-bundle.json')]
    await writeFile(request, printRequest(world.ask()))
    const asking = ['--service', 'echo', '--message', 'hello', '--out', out]
    const prove = () => alice(...proveWords(home, request, SHOP, 'mine'), ...asking)
    const sync = () => alice('--home', home, 'sync', '--registry', front.url)
    expect((await sync()).exit).toBe(0)
    const heard = world.guest.heard.length
    front.change = (at, body) =>
      at === '/head.json' ? printHead(signHead({ ...parseHead(body), root: 5n }, key)) : body
    const ended = await sync()
    expect({ exit: ended.exit, code: codeOf(ended) }).toEqual({ exit: 2, code: 'HEAD_FORKED' })
    expect(world.guest.heard).toHaveLength(heard)
    expect((await prove()).exit).toBe(0) // her copy is what it was before the lie
    front.change = (_, body) => body
    expect((await sync()).exit).toBe(0)
  })

  test('whose leaves do not lead to its head is refused before the agent is asked', async () => {
    const heard = world.guest.heard.length
    front.change = (at, body) => (at.startsWith('/leaves/') ? Buffer.from(body).fill(1, 10, 11) : body)
    const ended = await enroll()
    expect({ exit: ended.exit, code: codeOf(ended) }).toEqual({ exit: 2, code: 'LEAVES_FALSE' })
    expect(world.guest.heard).toHaveLength(heard)
    await expectNothingKept()
  })
})
