import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { clock } from '@vouch/host/node'
import {
  type Ask,
  askHash,
  decodeEnvelope,
  encodeEnvelope,
  fromHex,
  PROFILES,
  parseAnswer,
  parseAsk,
  printAsk,
} from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { read, vectorFile } from '../../fixtures/corpus.js'
import type { ServiceLimits } from '../service/limits.js'
import { type RunningService, type ServiceOptions, startService } from '../service/service.js'
import { assertTimeToAsk, envelopeFor, publicKeyOf, signEnvelope } from '../service/sign.js'
import { askFor, codesIn, isSignedBy, LineClient, newFolder, text } from '../testing/services.js'

let folder: string
beforeAll(async () => {
  folder = await newFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const loopback = { host: '127.0.0.1', port: 0 }

async function withService(
  options: Partial<ServiceOptions>,
  use: (service: RunningService, tcp: string, http: string) => Promise<void>,
): Promise<void> {
  const service = await startService({
    profile: 'sha256',
    keyFile: join(folder, 'key'),
    keyAnywhere: true,
    tcp: loopback,
    http: loopback,
    respond: (message) => message,
    ...options,
  })
  const [tcp = '', http = ''] = service.endpoints
  try {
    await use(service, tcp, http)
  } finally {
    await service.close()
  }
}

const post = (url: string, body: BodyInit, type = 'application/json', duplex = {}): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': type }, body, ...duplex })

describe('the reference signer', () => {
  const { vectors } = JSON.parse(read(vectorFile('answer'))) as {
    vectors: {
      name: string
      input: { secret_key: string; profile: 'sha256' | 'eip191'; clock: number; ask: object; payload: string }
      expected: { envelope: string; signature: string }
    }[]
  }

  test.each(vectors)('reproduces the vector "$name"', ({ input, expected }) => {
    const signer = { secretKey: fromHex(input.secret_key), profile: input.profile }
    const ask = parseAsk(JSON.stringify(input.ask))
    const answer = signEnvelope(envelopeFor(ask, fromHex(input.payload), input.clock), signer)
    expect(answer.envelope).toEqual(fromHex(expected.envelope))
    expect(answer.signature).toEqual(fromHex(expected.signature))
    expect(isSignedBy(answer, publicKeyOf(signer), input.profile)).toBe(true)
  })
})

describe('the time in an envelope', () => {
  const ask = askFor('when?')
  const timeOf = (given: Partial<Ask>, at: number): number =>
    decodeEnvelope(envelopeFor({ ...ask, ...given }, text('now'), at)).time

  test.each([
    [1_767_222_030, 1_767_222_030],
    [1_767_222_039, 1_767_222_030],
    [1_767_222_040, 1_767_222_040],
  ])('at %i by the service’s clock is %i', (at, time) => {
    expect(timeOf({}, at)).toBe(time)
  })

  test('is the one that was asked with', () => {
    expect(timeOf({ now: 1_767_222_000 }, 1_767_222_119)).toBe(1_767_222_000)
  })

  test.each([
    [-120, true],
    [-121, false],
    [120, true],
    [121, false],
  ])('that is asked for %i s from the clock is taken: %s', (seconds, taken) => {
    const asking = () => assertTimeToAsk({ now: 1_767_222_000 }, 1_767_222_000 - seconds)
    if (taken) asking()
    else expect(asking).toThrow("within 120 s of the service's clock")
  })

  test('is refused over both wires where it is too far, and echoed where it is not', async () => {
    await withService({}, async (_, tcp, http) => {
      const minute = clock() - (clock() % 60)
      const client = new LineClient(tcp)
      for (const now of [minute - 240, minute + 240]) {
        expect(codesIn(await client.exchange({ ...ask, now }))).toEqual(['ASKED_TIME_REFUSED'])
        const refused = await post(http, printAsk({ ...ask, now }))
        expect(refused.status).toBe(403)
        expect(codesIn(await refused.text())).toEqual(['ASKED_TIME_REFUSED'])
      }
      const { envelope } = parseAnswer((await client.exchange({ ...ask, now: minute })) ?? '')
      expect(decodeEnvelope(envelope).time).toBe(minute)
      client.socket.destroy()
    })
  })
})

describe('a service', () => {
  test.each(['sha256', 'eip191'] as const)(
    'answers over TCP and HTTP, signed under %s alone',
    async (profile) => {
      await withService({ profile }, async ({ publicKey }, tcp, http) => {
        const ask = askFor('what is the answer?')
        const client = new LineClient(tcp)
        const overTcp = parseAnswer((await client.exchange(ask)) ?? '')
        client.socket.destroy()
        const response = await post(http, printAsk(ask))
        expect(response.status).toBe(200)
        const overHttp = parseAnswer(await response.text())
        const other = profile === 'sha256' ? 'eip191' : 'sha256'
        for (const answer of [overTcp, overHttp]) {
          expect(isSignedBy(answer, publicKey, profile)).toBe(true)
          expect(isSignedBy(answer, publicKey, other)).toBe(false)
          const { clientNonce, askHash: hash, payload, time } = decodeEnvelope(answer.envelope)
          expect({ clientNonce, hash, payload }).toEqual({
            clientNonce: ask.clientNonce,
            hash: askHash(ask.salt, ask.message),
            payload: ask.message,
          })
          expect(Math.abs(time - clock())).toBeLessThan(30)
        }
      })
    },
  )

  test('answers any number of lines on one connection, in order, however they are cut', async () => {
    await withService({}, async (_, tcp) => {
      const client = new LineClient(tcp)
      const messages = ['one', 'two', 'three']
      const lines = messages.map((message) => `${printAsk(askFor(message))}\r\n`).join('')
      client.send(lines.slice(0, 300))
      await pause(50)
      client.send(lines.slice(300))
      for (const message of messages) {
        const { envelope } = parseAnswer((await client.line()) ?? '')
        expect(decodeEnvelope(envelope).payload).toEqual(text(message))
      }
      client.socket.destroy()
    })
  })

  test('answers whoever says that nothing follows, and nobody whose line was cut off', async () => {
    await withService({}, async (_, tcp) => {
      const whole = new LineClient(tcp)
      whole.socket.end(`${printAsk(askFor('whole'))}\n`)
      expect(parseAnswer((await whole.line()) ?? '').version).toBe(1)
      const cut = new LineClient(tcp)
      cut.socket.end(printAsk(askFor('cut')))
      expect(await cut.line()).toBeUndefined()
    })
  })

  test('signs nothing but envelopes of its own: an ask that is one comes back inside another', async () => {
    await withService({ profile: 'eip191' }, async ({ publicKey }, tcp) => {
      const forged = encodeEnvelope({
        clientNonce: new Uint8Array(32).fill(1),
        time: clock(),
        askHash: new Uint8Array(32),
        payload: text('a response that was never given'),
      })
      const client = new LineClient(tcp)
      const answer = parseAnswer((await client.exchange(askFor(forged))) ?? '')
      client.socket.destroy()
      expect(decodeEnvelope(answer.envelope).payload).toEqual(forged)
      for (const profile of Object.keys(PROFILES) as (keyof typeof PROFILES)[])
        expect(isSignedBy({ ...answer, envelope: forged }, publicKey, profile)).toBe(false)
    })
  })

  test('that fails says that it failed, and not how', async () => {
    const respond = () => {
      throw new Error('the database password is hunter2')
    }
    await withService({ respond }, async (_, tcp, http) => {
      const client = new LineClient(tcp)
      const line = await client.exchange(askFor('hello'))
      expect(codesIn(line)).toEqual(['INTERNAL'])
      const response = await post(http, printAsk(askFor('hello')))
      expect(response.status).toBe(500)
      expect((line ?? '') + (await response.text())).not.toContain('hunter2')
      client.socket.destroy()
    })
  })
})

describe('a stranger', () => {
  test('that sends no ask over TCP is told why, and may go on', async () => {
    await withService({}, async (_, tcp) => {
      const client = new LineClient(tcp)
      client.send('\n{"version":1}\nGET / HTTP/1.1\n')
      expect(codesIn(await client.line())).toEqual(['JSON_MALFORMED'])
      expect(codesIn(await client.line())).toEqual(['VERSION_UNKNOWN'])
      expect(codesIn(await client.line())).toEqual(['JSON_MALFORMED'])
      expect(parseAnswer((await client.exchange(askFor('now'))) ?? '').version).toBe(1)
      client.socket.destroy()
    })
  })

  test.each([
    ['no JSON', '{', 'application/json', 400, 'JSON_MALFORMED'],
    ['what a web page can send without asking', '{}', 'text/plain', 400, 'VALUE_MALFORMED'],
    ['too much', 'x'.repeat(3000), 'application/json', 413, 'TOO_LARGE'],
  ])('that posts %s is refused', async (_, body, type, status, code) => {
    await withService({ limits: { askBytes: 1000 } }, async (_service, _tcp, http) => {
      const response = await post(http, body, type)
      expect({ status: response.status, codes: codesIn(await response.text()) }).toEqual({
        status,
        codes: [code],
      })
    })
  })

  test('that posts without end, or gets, or posts elsewhere is refused', async () => {
    await withService({ limits: { askBytes: 1000 } }, async (_, _tcp, http) => {
      const endless = new ReadableStream({ pull: (out) => out.enqueue(new Uint8Array(4096).fill(0x20)) })
      const refused = await post(http, endless, 'application/json', { duplex: 'half' }).then(
        ({ status }) => status,
        () => 413, // it may have been cut off while it was still talking
      )
      expect(refused).toBe(413)
      expect((await fetch(http)).status).toBe(404)
      expect((await post(`${http}sign`, '{}')).status).toBe(404)
    })
  })

  test('that sends too long a line is told so, and may go on', async () => {
    await withService({ limits: { askBytes: 1000 } }, async (_, tcp) => {
      const client = new LineClient(tcp)
      client.send(`${'x'.repeat(500_000)}\n`)
      expect(codesIn(await client.line())).toEqual(['TOO_LARGE'])
      expect(parseAnswer((await client.exchange(askFor('shorter'))) ?? '').version).toBe(1)
      client.socket.destroy()
    })
  })

  const slow: Partial<ServiceLimits> = { idleMs: 200, totalMs: 400 }

  test('that says nothing is not waited for', async () => {
    await withService({ limits: slow }, async (_, tcp, http) => {
      await new LineClient(tcp).ended()
      await new LineClient(http).ended()
    })
  })

  test('that says one byte after another, or talks without end, is not waited for either', async () => {
    await withService({ limits: { idleMs: 5_000, totalMs: 400 } }, async (_, tcp, http) => {
      const headers = 'POST / HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n'
      for (const [endpoint, start] of [
        [tcp, '{'],
        [tcp, 'x'.repeat(500_000)],
        [http, headers],
      ] as const) {
        const client = new LineClient(endpoint)
        client.send(start)
        const drip = setInterval(() => client.send(' '), 50)
        await client.ended()
        clearInterval(drip)
      }
    })
  })

  test('that takes no answers keeps no more than a connection, and not for long', async () => {
    await withService({ limits: { ...slow, perAddress: 10_000, total: 10_000 } }, async (_, tcp) => {
      const client = new LineClient(tcp)
      client.socket.pause()
      const line = `${printAsk(askFor(new Uint8Array(60_000)))}\n`
      const closed = new Promise((resolve) => client.socket.once('close', resolve))
      const flood = setInterval(() => client.send(line), 5)
      await closed
      clearInterval(flood)
    })
  })

  test('that asks too often is refused, whichever way', async () => {
    await withService({ limits: { perAddress: 3 } }, async (_, tcp, http) => {
      const client = new LineClient(tcp)
      const codes: (readonly string[])[] = []
      for (let i = 0; i < 12; i++) {
        const line = await client.exchange(askFor('again'))
        codes.push(line?.includes('failures') ? codesIn(line) : ['answered'])
      }
      expect(codes).toContainEqual(['RATE_LIMITED'])
      const statuses = await Promise.all(
        Array.from({ length: 12 }, async () => (await post(http, printAsk(askFor('again')))).status),
      )
      expect(statuses).toContain(429)
      client.socket.destroy()
    })
  })

  test('that comes while everything is in hand is told so', async () => {
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const respond = async (message: Uint8Array) => {
      await gate
      return message
    }
    await withService({ respond, limits: { concurrent: 1 } }, async (_, tcp, http) => {
      const first = new LineClient(tcp)
      const answer = first.exchange(askFor('first'))
      await pause(100)
      const second = await post(http, printAsk(askFor('second')))
      expect([second.status, codesIn(await second.text())]).toEqual([503, ['BUSY']])
      release()
      expect(parseAnswer((await answer) ?? '').version).toBe(1)
      first.socket.destroy()
    })
  })

  test('beyond the limit of connections is not let in', async () => {
    await withService({ limits: { connections: 2 } }, async (_, tcp) => {
      const clients = [new LineClient(tcp), new LineClient(tcp)]
      for (const client of clients) await client.exchange(askFor('hello'))
      await new LineClient(tcp).ended()
      expect(parseAnswer((await clients[0]?.exchange(askFor('still'))) ?? '').version).toBe(1)
      for (const client of clients) client.socket.destroy()
    })
  })
})

describe('the end of a service', () => {
  test('answers what is in hand, and waits for nobody who says nothing', async () => {
    const respond = async (message: Uint8Array) => {
      await pause(300)
      return message
    }
    const options = { profile: 'sha256', keyFile: join(folder, 'key'), keyAnywhere: true, respond } as const
    const service = await startService({ ...options, tcp: loopback, http: loopback })
    const [tcp = '', http = ''] = service.endpoints
    const idle = new LineClient(tcp)
    await idle.exchange(askFor('hello'))
    const busy = new LineClient(tcp)
    const answers = [
      busy.exchange(askFor('late')),
      post(http, printAsk(askFor('late'))).then((it) => it.text()),
    ]
    await pause(100)
    await service.close()
    for (const answer of await Promise.all(answers)) expect(parseAnswer(answer ?? '').version).toBe(1)
    await idle.ended()
    await expect(fetch(http)).rejects.toThrow()
  })

  test('waits only so long for what does not come', async () => {
    const never = new Promise<Uint8Array>(() => undefined)
    const options = { profile: 'sha256', keyFile: join(folder, 'key'), keyAnywhere: true } as const
    const service = await startService({
      ...options,
      tcp: loopback,
      http: loopback,
      respond: () => never,
      limits: { graceMs: 200 },
    })
    const [tcp = '', http = ''] = service.endpoints
    const client = new LineClient(tcp)
    client.send(`${printAsk(askFor('hello'))}\n`)
    const posted = post(http, printAsk(askFor('hello'))).catch(() => 'cut off')
    await pause(100)
    await service.close()
    await client.ended()
    expect(await posted).toBe('cut off')
  })
})
