import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EXIT_OF, parseAnnouncement, parseAnswer, printAsk, toHex } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startFaultProxy } from '../../test/support/fault-proxy.js'
import { announce, announceWithin } from '../service/announce.js'
import {
  ACCEPTED,
  askFor,
  fakeAgent,
  isSignedBy,
  LineClient,
  newFolder,
  ServiceProcess,
} from '../testing/services.js'

// The service as a process of its own, told by signals and arguments, before an agent's socket.

let folder: string
beforeAll(async () => {
  folder = await newFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const inFolder = (name: string): string => join(folder, name)
const args = (...more: string[]): string[] => [
  '--profile',
  'sha256',
  '--key-anywhere',
  '--tcp',
  '127.0.0.1:0',
  ...more,
]

const publicKey = { x: new Uint8Array(32).fill(1), y: new Uint8Array(32).fill(2) }

describe('the process', () => {
  test('announces its key, answers, ends when told to, and has the same key when started anew', async () => {
    const agent = await fakeAgent(inFolder('agent'), () => ACCEPTED)
    const start = () => new ServiceProcess(args('--key', inFolder('key'), '--announce', agent.path))
    const first = start()
    const { endpoints, public_key } = await first.ready()
    const announced = parseAnnouncement(agent.heard[0] ?? '').publicKey
    expect({ x: toHex(announced.x), y: toHex(announced.y) }).toEqual(public_key)
    const ask = askFor('a message that no log repeats')
    const client = new LineClient(endpoints[0] ?? '')
    const answer = parseAnswer((await client.exchange(ask)) ?? '')
    expect(isSignedBy(answer, announced, 'sha256')).toBe(true)
    client.send('{"not an ask"}\n')
    await client.line()
    expect(await first.stop()).toBe(0)
    client.socket.destroy()

    const second = start()
    expect((await second.ready()).public_key).toEqual(public_key)
    expect(await second.stop()).toBe(0)
    await agent.close()
    expect(agent.heard).toEqual([agent.heard[0], agent.heard[0]])

    const said = first.stdout + first.stderr
    const lines = first.stderr.trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(['serving', 'asks'])
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ answered: 1, JSON_MALFORMED: 1 })
    const key = (await readFile(inFolder('key'), 'utf8')).trim()
    for (const secret of [key, toHex(ask.clientNonce), toHex(ask.salt), toHex(ask.message), 'no log repeats'])
      expect(said).not.toContain(secret)
  })

  test('takes limits from a file, and the origins that it is told', async () => {
    const limits = inFolder('limits.yaml')
    await writeFile(limits, 'version: 1\nasks: { burst: 2, per_minute: 1 }\nper_client: 4\n')
    const more = ['--limits', limits, '--allow-origin', 'https://app.example', '--http', '127.0.0.1:0']
    const service = new ServiceProcess(args('--key', inFolder('key'), ...more))
    const { endpoints } = await service.ready()
    const ask = (origin: string) =>
      fetch(endpoints[1] ?? '', {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin },
        body: printAsk(askFor('from a page')),
      })
    const [good, evil, third] = [
      await ask('https://app.example'),
      await ask('https://evil.example'),
      await ask(''),
    ]
    expect([good.status, evil.status, third.status]).toEqual([200, 200, 429])
    expect(good.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(evil.headers.get('access-control-allow-origin')).toBeNull()
    expect(await service.stop()).toBe(0)
  })

  test.each([
    ['a member that there is not', 'version: 1\nwrites: { burst: 2, per_minute: 1 }', 4, 'MEMBER_UNKNOWN'],
    ['a time that is none', 'version: 1\nidle_ms: 0', 4, 'VALUE_OUT_OF_RANGE'],
  ])('whose limits have %s does not start', async (_, text, exit, code) => {
    const limits = inFolder('bad-limits.yaml')
    await writeFile(limits, text)
    const service = new ServiceProcess(args('--key', inFolder('key'), '--limits', limits))
    expect(await service.ended()).toBe(exit)
    expect(service.stderr).toContain(`[${code}]`)
  })

  test.each<[string, string[]]>([
    ['an origin that is none', args('--key', 'key', '--allow-origin', 'app.example')],
    ['a proxy that is none', args('--key', 'key', '--behind-proxy', 'nginx')],
    ['nothing', []],
    ['no place to answer', ['--profile', 'sha256', '--key', 'key']],
    ['no key', ['--profile', 'sha256', '--tcp', '127.0.0.1:0']],
    ['an unknown profile', ['--profile', 'sha512', '--key', 'key', '--tcp', '127.0.0.1:0']],
    ['two profiles in one', ['--profile', 'sha256,eip191', '--key', 'key', '--tcp', '127.0.0.1:0']],
    ['a place without a port', ['--profile', 'sha256', '--key', 'key', '--tcp', '127.0.0.1']],
    ['a port past the last', ['--profile', 'sha256', '--key', 'key', '--http', '127.0.0.1:65536']],
    ['an unknown argument', ['--digest', '00']],
  ])('that is given %s says how it is called', async (_, given) => {
    const service = new ServiceProcess(given)
    expect(await service.ended()).toBe(1)
    expect(service.stderr).toMatch(/^vouch-echo: error: .*\[USAGE\]\nvouch-echo: hint: /)
  })

  test('whose key the agent does not take ends, and says why', async () => {
    const refusal = '{"failures":[{"code":"KEY_CONFLICT","exit":3,"rule":"the first key per boot stands"}]}\n'
    const agent = await fakeAgent(inFolder('refusing'), () => refusal)
    const service = new ServiceProcess(args('--key', inFolder('refused key'), '--announce', agent.path))
    expect(await service.ended()).toBe(EXIT_OF.ANNOUNCEMENT_REFUSED)
    expect(service.stderr).toContain('[ANNOUNCEMENT_REFUSED]')
    expect(service.stdout).toBe('')
    await agent.close()
  })

  test('that finds its port taken says so', async () => {
    const first = new ServiceProcess(args('--key', inFolder('port key')))
    const place = new URL((await first.ready()).endpoints[0] ?? '').host
    const second = new ServiceProcess([
      '--profile',
      'sha256',
      '--key',
      inFolder('port key'),
      '--key-anywhere',
      '--http',
      place,
    ])
    expect(await second.ended()).toBe(1)
    expect(second.stderr).toContain('[USAGE]')
    expect(await first.stop()).toBe(0)
  })
})

describe('an announcement', () => {
  test('waits for an agent that starts later', async () => {
    const path = inFolder('late')
    const announced = announceWithin(path, publicKey, 20_000)
    const agent = await fakeAgent(path, () => ACCEPTED)
    await announced
    expect(agent.heard).toHaveLength(1)
    await agent.close()
  })

  test('does not wait for ever', async () => {
    await expect(announceWithin(inFolder('never'), publicKey, 100)).rejects.toMatchObject({
      code: 'AGENT_UNREACHABLE',
    })
  })

  test.each<[string, string, string]>([
    ['not accepted', '{"version":1,"accepted":false}\n', 'ANNOUNCEMENT_REFUSED'],
    ['accepted, and more', '{"version":1,"accepted":true,"drv":""}\n', 'ANNOUNCEMENT_REFUSED'],
    ['of another version', '{"version":2,"accepted":true}\n', 'ANNOUNCEMENT_REFUSED'],
    ['no JSON', 'ok\n', 'ANNOUNCEMENT_REFUSED'],
    ['not ended', '{"version":1,"accepted":true}', 'AGENT_UNREACHABLE'],
    ['without end', 'x'.repeat(10_000), 'AGENT_UNREACHABLE'],
    ['empty', '', 'AGENT_UNREACHABLE'],
  ])('whose answer is %s was not accepted', async (name, answer, code) => {
    const agent = await fakeAgent(inFolder(name), () => answer)
    await expect(announce(agent.path, publicKey)).rejects.toMatchObject({ code })
    await agent.close()
  })

  test.each([
    { kind: 'drop', after: 0 },
    { kind: 'truncate', after: 10 },
    { kind: 'corrupt', at: 3 },
    { kind: 'stall', after: 5 },
    { kind: 'stall', after: 5, towards: 'server' },
  ] as const)('survives a socket that does this to it: %o', async (fault) => {
    const own = await mkdtemp(inFolder('fault-'))
    const agent = await fakeAgent(join(own, 'agent'), () => ACCEPTED)
    const proxy = await startFaultProxy({ path: agent.path }, fault, { path: join(own, 'proxy') })
    await expect(announce(join(own, 'proxy'), publicKey, 300)).rejects.toMatchObject({
      code: expect.stringMatching(/^(AGENT_UNREACHABLE|ANNOUNCEMENT_REFUSED)$/),
    })
    await proxy.close()
    await agent.close()
  })
})
