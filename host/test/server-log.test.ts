import { describe, expect, test } from 'vitest'
import { withoutSecrets } from '../node/log/log.js'
import { type LogOptions, serverTerminal } from '../node/log/server-terminal.js'

// What a server says on stderr, to a person and to what gathers logs.

async function speaking(options: LogOptions, standard?: 'words' | 'json') {
  const lines: string[] = []
  const out = { program: 'registrar', data: () => undefined, words: (line: string) => void lines.push(line) }
  return { lines, out: await serverTerminal(out, options, standard) }
}

const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

describe('a line of the log', () => {
  test('has level, time, program and event, and then the facts', async () => {
    const { lines, out } = await speaking({ log: 'json' })
    out.event('attested', { ms: 3, provider: 'tpm' })
    out.event('refused', { codes: ['PROOF_FALSE'] }, 'warn')
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      { level: 'info', time: ISO, program: 'registrar', event: 'attested', ms: 3, provider: 'tpm' },
      { level: 'warn', time: ISO, program: 'registrar', event: 'refused', codes: ['PROOF_FALSE'] },
    ])
    expect(lines[0]).toMatch(/^\{"level":"info","time":"[^"]+","program":"registrar","event":"attested",/)
  })

  test.each([
    ['registrar: error: no room [STORAGE_FAILED]', 'error', 'no room [STORAGE_FAILED]', 'STORAGE_FAILED'],
    ['registrar: warning: the clock was set back by 5 s', 'warn', 'the clock was set back by 5 s', undefined],
    ['registrar: hint: make room', 'info', 'make room', undefined],
    ['registrar: finishing what is in hand', 'info', 'finishing what is in hand', undefined],
    ['Error: a\n    at b', 'info', 'Error: a\n    at b', undefined],
  ])('tells what a command says: %j', async (said, level, text, code) => {
    const { lines, out } = await speaking({}, 'json')
    out.words(said)
    expect(lines).toHaveLength(1)
    const line = JSON.parse(lines[0] ?? '') as { level: string; event: string; text: string; code?: string }
    expect(line).toMatchObject({ level, event: 'said', text })
    expect(line.code).toBe(code)
  })

  test('is one line, whatever a stranger wrote', async () => {
    const { lines, out } = await speaking({ log: 'json' })
    out.event('refused', { given: 'a\n{"level":"error"}\u001b[31m\u2028' })
    expect(lines[0]?.split('\n')).toHaveLength(1)
    expect(lines[0]).not.toContain('\u001b')
    expect((JSON.parse(lines[0] ?? '') as { level: string }).level).toBe('info')
  })
})

describe('words', () => {
  test('stay what they are', async () => {
    const { lines, out } = await speaking({}, 'words')
    out.words('registrar: warning: old')
    out.event('request', { method: 'GET', status: 200, network: undefined })
    expect(lines).toEqual(['registrar: warning: old', 'registrar: request, method GET, status 200'])
  })

  test('and lines of JSON are what an operator names, and nothing else is', async () => {
    const { lines, out } = await speaking({ log: 'words' }, 'json')
    out.words('registrar: warning: old')
    expect(lines).toEqual(['registrar: warning: old'])
    await expect(speaking({ log: 'xml' })).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('a secret', () => {
  test.each([
    ['key'],
    ['secret'],
    ['secretKey'],
    ['client_secret'],
    ['password'],
    ['PGPASSWORD'],
    ['privateKey'],
    ['token'],
    ['authorization'],
    ['cookie'],
    ['apiKey'],
  ])('is not shown under the name %s, however deep', (name) => {
    const facts = { a: [{ b: { [name]: 'hunter2' } }], [name]: { of: 'hunter2' } }
    expect(JSON.stringify(withoutSecrets(facts))).not.toContain('hunter2')
  })

  test('is not shown in the address of a database', async () => {
    const { lines, out } = await speaking({ log: 'json' })
    out.words('registrar: error: no answer from "postgres://vouch:hunter2@db.example:5432/vouch" [LOCKED]')
    out.event('opened', {
      store: 'postgres://vouch:hunter2@db.example/vouch',
      more: ['https://t0ken@x.example/'],
    })
    expect(lines.join('\n')).not.toMatch(/hunter2|t0ken/)
    expect(lines[0]).toContain('postgres://[redacted]@db.example:5432/vouch')
  })

  test('hides nothing beside it', () => {
    const facts = {
      public_key: { x: '01' },
      codes: ['A'],
      url: 'http://127.0.0.1:8787/a@b',
      ms: 3,
      none: null,
    }
    expect(withoutSecrets(facts)).toEqual(facts)
  })

  test('is not looked for without end', () => {
    const circle: Record<string, unknown> = {}
    circle.a = circle
    expect(JSON.stringify(withoutSecrets(circle))).toContain('[redacted]')
  })
})
