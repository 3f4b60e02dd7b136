import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { decodeEnvelope, fromHex, parseAnnouncement, parseAnswer, toHex } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { read, vectorFile } from '../../fixtures/corpus.js'
import { needs } from '../../test/support/needs.js'
import { pathInRepository } from '../../test/support/repository.js'
import {
  ACCEPTED,
  askFor,
  codesIn,
  fakeAgent,
  isSignedBy,
  LineClient,
  newFolder,
  ServiceProcess,
  text,
} from '../testing/services.js'

// docs/services.md says enough to write a service in another language: this one was written from it.

const PROGRAM = pathInRepository('docs/examples/service.py')

let folder: string
beforeAll(async () => {
  folder = await newFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Vectors {
  readonly vectors: readonly {
    readonly name: string
    readonly input: unknown
    readonly expected: Readonly<Record<string, string>>
    readonly code: string
  }[]
}

const load = (id: string): Vectors => JSON.parse(read(vectorFile(id))) as Vectors

/** Evaluates an expression for each vector, with the example's functions at hand. */
function evaluate(expression: string, vectors: unknown): readonly string[] {
  const script = `
import json, sys
sys.path.insert(0, sys.argv[1])
import service
from service import *
def tried(work):
    try:
        return work()
    except Refused as refused:
        return json.loads(refused.line)["failures"][0]["code"]
print(json.dumps([${expression} for v in json.load(sys.stdin)]))`
  const printed = execFileSync('python3', ['-B', '-c', script, dirname(PROGRAM)], {
    input: JSON.stringify(vectors),
    encoding: 'utf8',
  })
  return JSON.parse(printed) as readonly string[]
}

describe('the service in Python', () => {
  test('gives the answers of the vectors, to the byte', (context) => {
    needs.python3(context)
    const { vectors } = load('answer')
    const given = `(lambda i: answer(json.dumps(i["ask"]).encode(), lambda _: bytes.fromhex(i["payload"]),
      int(i["secret_key"], 16), i["profile"], i["clock"]).decode())(v["input"])`
    const answers = evaluate(given, vectors).map((line) => parseAnswer(line))
    expect(answers.map(({ envelope, signature }) => [toHex(envelope), toHex(signature)])).toEqual(
      vectors.map(({ expected }) => [expected.envelope, expected.signature]),
    )
  })

  test('makes the digests of the vectors', (context) => {
    needs.python3(context)
    const { vectors } = load('envelope')
    for (const profile of ['sha256', 'eip191']) {
      const digests = evaluate(`PROFILES["${profile}"](bytes.fromhex(v["expected"]["bytes"])).hex()`, vectors)
      expect(digests).toEqual(vectors.map(({ expected }) => expected[profile]))
    }
  })

  test('reads the asks of the vectors, and refuses what must be refused, with its code', (context) => {
    needs.python3(context)
    const asks = load('ask').vectors
    const lengths = evaluate('str(len(parse_ask(v["expected"]["file"].encode())[2]))', asks)
    expect(lengths).toEqual(asks.map(({ input }) => `${(input as { message: string }).message.length / 2}`))
    const refused = load('refused/parse-ask').vectors
    const codes = evaluate('tried(lambda: parse_ask(v["input"].encode()) and "read")', refused)
    expect(codes).toEqual(refused.map(({ code }) => code))
  })

  test('announces its key, answers lines, and has the same key when started anew', async (context) => {
    needs.python3(context)
    const agent = await fakeAgent(join(folder, 'agent'), () => ACCEPTED)
    const args = [
      '--profile',
      'eip191',
      '--key',
      join(folder, 'key'),
      '--key-anywhere',
      '--announce',
      agent.path,
    ]
    const start = () => new ServiceProcess([...args, '--tcp', '127.0.0.1:0'], ['python3', '-B', PROGRAM])
    const first = start()
    const { endpoints, public_key } = await first.ready()
    const announced = parseAnnouncement(agent.heard[0] ?? '').publicKey
    expect({ x: toHex(announced.x), y: toHex(announced.y) }).toEqual(public_key)

    const client = new LineClient(endpoints[0] ?? '')
    for (const message of ['what is the answer?', '']) {
      const answer = parseAnswer((await client.exchange(askFor(message))) ?? '')
      expect(isSignedBy(answer, announced, 'eip191')).toBe(true)
      expect(isSignedBy(answer, announced, 'sha256')).toBe(false)
      expect(decodeEnvelope(answer.envelope).payload).toEqual(text(message))
    }
    client.send('{"version":2}\n')
    expect(codesIn(await client.line())).toEqual(['MEMBER_MISSING'])
    client.send('x'.repeat(200_000))
    expect(codesIn(await client.line())).toEqual(['TOO_LARGE'])
    await client.ended()
    expect(await first.stop()).toBe(0)

    const second = start()
    expect((await second.ready()).public_key).toEqual(public_key)
    expect(await second.stop()).toBe(0)
    await agent.close()
  })

  test('waits for its agent, and announces again to one that was started anew', async (context) => {
    needs.python3(context)
    const own = await mkdtemp(join(folder, 'waiting-'))
    const socket = join(own, 'agent')
    const args = ['--profile', 'sha256', '--key', join(own, 'key'), '--key-anywhere', '--tcp', '127.0.0.1:0']
    const announcing = ['--announce', socket, '--announce-every', '0.2']
    const service = new ServiceProcess([...args, ...announcing], ['python3', '-B', PROGRAM])
    await setTimeout(1_000) // it finds no agent at first
    const first = await fakeAgent(socket, () => ACCEPTED)
    const { public_key } = await service.ready()
    await first.close()
    await rm(socket, { force: true })
    await vi.waitFor(() => expect(service.stderr).toContain('not announced'), { timeout: 20_000 })

    let answers = 0
    const second = await fakeAgent(socket, () => (answers++ === 0 ? '{"failures":[]}\n' : ACCEPTED))
    await vi.waitFor(() => expect(second.heard.length).toBeGreaterThan(1), { timeout: 20_000 })
    const { x, y } = parseAnnouncement(second.heard[1] ?? '').publicKey
    expect({ x: toHex(x), y: toHex(y) }).toEqual(public_key)
    expect(await service.stop()).toBe(0)
    await second.close()
  })

  test('refuses a key that others may read, a key on a disk, and an agent that refuses', async (context) => {
    needs.python3(context)
    const start = (...args: string[]) =>
      new ServiceProcess(['--profile', 'sha256', '--tcp', '127.0.0.1:0', ...args], ['python3', '-B', PROGRAM])
    const own = await mkdtemp(join(folder, 'refused-'))
    const key = join(own, 'key')
    await writeFile(key, `${toHex(fromHex('11'.repeat(32)))}\n`)
    await chmod(key, 0o644)
    const exposed = start('--key', key, '--key-anywhere')
    expect(await exposed.ended()).toBe(1)
    expect(exposed.stderr).toContain('mode 600')
    const onDisk = start('--key', pathInRepository('agent/test/key'))
    expect(await onDisk.ended()).toBe(1)
    expect(onDisk.stderr).toContain('in memory')
    const agent = await fakeAgent(join(own, 'agent'), () => '{"failures":[]}\n')
    const refused = start('--key', join(own, 'another'), '--key-anywhere', '--announce', agent.path)
    expect(await refused.ended()).toBe(1)
    expect(refused.stderr).toContain('does not take')
    await agent.close()
  })
})
