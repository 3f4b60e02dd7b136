import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBackend } from '@vouch/circuits/node'
import {
  type ErrorCode,
  printAcceptance,
  printBundle,
  printHead,
  printRequest,
  signHead,
} from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { registrarKey } from '../../../fixtures/story/story.js'
import { bytes32, NOON, type Proven, prove } from '../../../test/support/proven.js'
import { readInRepository } from '../../../test/support/repository.js'
import { BOB, bob } from '../../testing/bob.js'

// `bob` as a process: arguments, files, streams and exit status.

let folder: string
let proven: Proven
/** The text of each file that `bob verify` reads, as it should be. */
let good: Readonly<Record<FileName, string>>
type FileName = 'bundle' | 'request' | 'accept' | 'head'

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-cli-'))
  const backend = openBackend({ kind: 'native' })
  proven = await prove(backend)
  await backend.destroy()
  const { bundle, given } = proven
  good = {
    bundle: printBundle(bundle),
    request: printRequest(given.request),
    accept: printAcceptance(given.acceptance),
    head: printHead(given.head),
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let count = 0

/** Writes the files, some of them changed, and gives the arguments that judge them. */
async function written(changes: Partial<Record<FileName, string | Uint8Array>> = {}): Promise<string[]> {
  const own = join(folder, String(count++))
  await mkdir(join(own, 'registry'), { recursive: true })
  const files = { ...good, ...changes }
  await writeFile(join(own, 'bundle.json'), files.bundle)
  await writeFile(join(own, 'request.json'), files.request)
  await writeFile(join(own, 'accept.json'), files.accept)
  await writeFile(join(own, 'registry', 'head.json'), files.head)
  const path = (name: string): string => join(own, name)
  return [
    path('bundle.json'),
    '--request',
    path('request.json'),
    '--accept',
    path('accept.json'),
    '--registry',
    path('registry'),
  ]
}

const AT = ['--at', String(NOON)]

/** `bob request` for what is written. */
async function requestWords(verifier = 'https://shop.example'): Promise<string[]> {
  const [, , , ...judging] = await written()
  return ['request', ...judging, '--verifier', verifier, ...AT]
}

/** Judges changed files, and wants this status and code. */
async function expectVerdict(
  changes: Partial<Record<FileName, string | Uint8Array>>,
  exit: number,
  code: ErrorCode,
): Promise<void> {
  const run = await bob('verify', ...(await written(changes)), ...AT, '--json')
  const { failures } = JSON.parse(run.stdout) as { failures: { code: ErrorCode }[] }
  expect(failures.map((failure) => failure.code)).toContain(code)
  expect(run.exit).toBe(exit)
  expect(run.stdout + run.stderr).not.toMatch(/\n\s+at /)
}

/** The file with a member replaced. */
const changed = (name: FileName, member: string, value: unknown): string =>
  JSON.stringify({ ...(JSON.parse(good[name]) as object), [member]: value })

const flippedHex = (hex: string, at: number): string =>
  hex.slice(0, at) + (Number.parseInt(hex[at] ?? '0', 16) ^ 1).toString(16) + hex.slice(at + 1)
const memberOf = (name: FileName, member: string): string =>
  (JSON.parse(good[name]) as Record<string, string>)[member] ?? ''

/** What is said of every bundle, without what is said of this one. */
const withoutValues = (text: string): string =>
  text
    .replace(/"[^"]*"/g, '"…"')
    .replace(/\d{4}-\d{2}-\d{2}T[\d:]{8}Z/g, 'DATE')
    .replace(/\b[0-9a-f]{64}\b/g, 'HEX')

describe('bob verify', () => {
  test('accepts, with data on stdout and words on stderr', async () => {
    const run = await bob('verify', ...(await written()), ...AT)
    expect(run).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/^accepted\n {2}response {3}"hello"\n/),
    })
    expect(run.stderr).toContain('✓ the proof must verify under the pinned key')
    expect(run.stdout).toContain('simulated')
  })

  test('says what the README shows', async () => {
    const { stderr, stdout } = await bob('verify', ...(await written()), ...AT)
    const [heading = '', ...checks] = stderr.trimEnd().split('\n')
    const shortened = [checks[0], `  … ${checks.length - 2} more …`, checks.at(-1)]
    const said = [heading, ...shortened, ...stdout.trimEnd().split('\n')].join('\n')
    const [, transcript = ''] =
      /^\$ bob verify .*\n([\s\S]*?)\n```$/m.exec(readInRepository('README.md')) ?? []
    expect(withoutValues(transcript)).toBe(withoutValues(said))
  })

  test('accepts in JSON, with nothing but JSON on stdout', async () => {
    const run = await bob('verify', ...(await written()), ...AT, '--json')
    expect(JSON.parse(run.stdout)).toMatchObject({
      verdict: 'accepted',
      exit: 0,
      proven: { payload: '68656c6c6f' },
    })
    expect(run.stderr).toBe('')
  })

  test('reads the registry from a head file, and from a server', async () => {
    const args = await written()
    const registry = args.at(-1) ?? ''
    expect(await bob('verify', ...args.slice(0, -1), join(registry, 'head.json'), ...AT)).toMatchObject({
      exit: 0,
    })
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/r/head.json' ? 200 : 404).end(good.head)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
    try {
      expect(await bob('verify', ...args.slice(0, -1), `${url}/r/`, ...AT)).toMatchObject({ exit: 0 })
      const missing = await bob('verify', ...args.slice(0, -1), `${url}/elsewhere`, ...AT)
      expect(missing.exit).toBe(4)
      expect(missing.stderr).toContain('[REGISTRY_UNREACHABLE]')
    } finally {
      server.close()
    }
  })

  test('and bob request say since when a registry is silent, and what stops when', async () => {
    const late = ['--at', String(NOON + 3000)]
    const silent = /had no new head since 2027-01-15T07:58:00Z: .*refused from 2027-01-\S+ on/
    const verified = await bob('verify', ...(await written()), ...late, '--json')
    expect((JSON.parse(verified.stdout) as { warnings: string[] }).warnings).toEqual([
      expect.stringMatching(silent),
    ])
    const [, , , ...judging] = await written()
    const asked = await bob('request', ...judging, '--verifier', 'https://shop.example', ...late)
    expect(asked).toMatchObject({ exit: 0, stderr: expect.stringMatching(silent) })
    const young = await bob('request', ...judging, '--verifier', 'https://shop.example', ...AT)
    expect(young.stderr).not.toContain('warning')
  })

  test('without --at judges by the clock, and finds the old Request too old', async () => {
    const run = await bob('verify', ...(await written()))
    expect(run.exit).toBe(3)
    expect(run.stderr).toMatch(/bob: error: .*\[(HEAD_TOO_OLD|HEAD_FROM_FUTURE)\]/)
    expect(run.stdout).toBe('refused\n')
  })

  const cases: readonly (readonly [
    string,
    () => Partial<Record<FileName, string | Uint8Array>>,
    number,
    ErrorCode,
  ])[] = [
    [
      'a forged response',
      () => ({
        bundle: changed(
          'bundle',
          'envelope',
          flippedHex(memberOf('bundle', 'envelope'), memberOf('bundle', 'envelope').length - 1),
        ),
      }),
      2,
      'PROOF_FALSE',
    ],
    [
      'a changed proof',
      () => ({ bundle: changed('bundle', 'proof', flippedHex(memberOf('bundle', 'proof'), 5000)) }),
      2,
      'PROOF_FALSE',
    ],
    [
      'a proof cut short',
      () => ({ bundle: changed('bundle', 'proof', memberOf('bundle', 'proof').slice(2)) }),
      4,
      'PROOF_MALFORMED',
    ],
    ['a head not signed', () => ({ head: changed('head', 'seq', 6) }), 2, 'HEAD_SIGNATURE_FALSE'],
    [
      'a forged head behind a broken bundle',
      () => ({ head: changed('head', 'seq', 6), bundle: '{' }),
      2,
      'HEAD_SIGNATURE_FALSE',
    ],
    [
      'a forged head behind a broken acceptance policy',
      () => ({ head: changed('head', 'seq', 6), accept: '{' }),
      2,
      'HEAD_SIGNATURE_FALSE',
    ],
    [
      'a false proof behind a broken head',
      () => ({ bundle: changed('bundle', 'nullifier', '00'.repeat(32)), head: '{' }),
      2,
      'PROOF_FALSE',
    ],
    [
      "a Request that is not the bundle's, behind a broken head",
      () => ({ request: changed('request', 'challenge', 'ab'.repeat(32)), head: '{' }),
      3,
      'REQUEST_MISMATCH',
    ],
    [
      'another acceptance policy behind a broken bundle',
      () => ({ accept: changed('accept', 'clock_skew', 59), bundle: '{' }),
      3,
      'ACCEPTANCE_MISMATCH',
    ],
    [
      "a stranger's head",
      () => ({ head: printHead(signHead(proven.given.head, bytes32(9))) }),
      3,
      'SIGNER_NOT_ACCEPTED',
    ],
    [
      'another registry',
      () => ({ head: printHead(signHead({ ...proven.given.head, registryId: bytes32(1) }, registrarKey)) }),
      3,
      'REGISTRY_NOT_ACCEPTED',
    ],
    [
      'an old head',
      () => ({ head: printHead(signHead({ ...proven.given.head, time: NOON - 3601 }, registrarKey)) }),
      3,
      'HEAD_TOO_OLD',
    ],
    [
      "tomorrow's head",
      () => ({ head: printHead(signHead({ ...proven.given.head, time: NOON + 61 }, registrarKey)) }),
      3,
      'HEAD_FROM_FUTURE',
    ],
    [
      'a root that was removed',
      () => ({
        head: printHead(signHead({ ...proven.given.head, root: 5n, previousRoot: 0n }, registrarKey)),
      }),
      3,
      'ROOT_NOT_ACCEPTED',
    ],
    [
      'another Request',
      () => ({ request: changed('request', 'challenge', 'ab'.repeat(32)) }),
      3,
      'REQUEST_MISMATCH',
    ],
    [
      'another acceptance policy',
      () => ({ accept: changed('accept', 'clock_skew', 59) }),
      3,
      'ACCEPTANCE_MISMATCH',
    ],
    [
      'simulated evidence without leave',
      () => ({ accept: changed('accept', 'simulated', false) }),
      3,
      'SIMULATED_NOT_ACCEPTED',
    ],
    [
      'a policy not accepted',
      () => ({ accept: changed('accept', 'policies', [`${'00'.repeat(31)}07`]) }),
      3,
      'POLICY_NOT_ACCEPTED',
    ],
    [
      'a service not accepted',
      () => ({ accept: changed('accept', 'services', { sha256: ['07'.repeat(32)] }) }),
      3,
      'SERVICE_NOT_ACCEPTED',
    ],
    [
      'a profile not accepted',
      () => ({ accept: changed('accept', 'services', { eip191: ['07'.repeat(32)] }) }),
      3,
      'PROFILE_NOT_ACCEPTED',
    ],
    [
      'freshness too weak',
      () => ({ accept: changed('accept', 'freshness', { kind: 'challenge' }) }),
      3,
      'FRESHNESS_TOO_WEAK',
    ],
    [
      'a circuit not pinned',
      () => ({ bundle: changed('bundle', 'circuit', '00'.repeat(32)) }),
      4,
      'CIRCUIT_UNKNOWN',
    ],
    ['JSON cut off', () => ({ bundle: good.bundle.slice(0, 1000) }), 4, 'JSON_MALFORMED'],
    ['text that is not UTF-8', () => ({ bundle: Uint8Array.of(0x7b, 0xff) }), 4, 'JSON_MALFORMED'],
    [
      'a member twice',
      () => ({ bundle: good.bundle.replace('{', '{"version":1,') }),
      4,
      'JSON_DUPLICATE_MEMBER',
    ],
    [
      'a member missing',
      () => ({ bundle: good.bundle.replace(/"nullifier":"[0-9a-f]*",/, '') }),
      4,
      'MEMBER_MISSING',
    ],
    [
      'a digest in the bundle',
      () => ({ bundle: changed('bundle', 'digest', '00'.repeat(32)) }),
      4,
      'MEMBER_UNKNOWN',
    ],
    [
      'upper-case hexadecimal',
      () => ({ bundle: changed('bundle', 'nullifier', memberOf('bundle', 'nullifier').toUpperCase()) }),
      4,
      'VALUE_MALFORMED',
    ],
    [
      'a nullifier of p and more',
      () => ({ bundle: changed('bundle', 'nullifier', 'ff'.repeat(32)) }),
      4,
      'VALUE_OUT_OF_RANGE',
    ],
    ['version 2', () => ({ bundle: changed('bundle', 'version', 2) }), 4, 'VERSION_UNKNOWN'],
    [
      'an envelope of another version',
      () => ({ bundle: changed('bundle', 'envelope', `00${memberOf('bundle', 'envelope').slice(2)}`) }),
      2,
      'VERSION_UNKNOWN',
    ],
    [
      'a list out of order',
      () => ({
        request: JSON.stringify({
          ...JSON.parse(good.request),
          services: JSON.parse(good.request).services.reverse(),
        }),
      }),
      4,
      'NOT_ASCENDING',
    ],
    [
      'a proof without end',
      () => ({ bundle: changed('bundle', 'proof', '00'.repeat(65_537)) }),
      4,
      'TOO_LARGE',
    ],
  ]
  test.concurrent.each(cases)('%s', async (_, changes, exit, code) => expectVerdict(changes(), exit, code))

  test('a file over the limit is not read', async () => {
    await expectVerdict({ bundle: Buffer.alloc(4 * 1024 * 1024 + 1, ' ') }, 4, 'TOO_LARGE')
  })

  test('a registry folder without a head is undecidable', async () => {
    const args = await written()
    const run = await bob('verify', ...args.slice(0, -1), folder, ...AT, '--json')
    expect(run.exit).toBe(4)
    expect(run.stdout).toContain('HEAD_MISSING')
  })
})

describe('usage', () => {
  test.each<readonly [string, () => Promise<string[]>, string]>([
    ['no command', async () => ['nonsense'], 'USAGE'],
    ['a missing option', async () => ['verify', 'bundle.json'], 'USAGE'],
    ['an unknown backend', async () => ['verify', ...(await written()), '--backend', 'gpu'], 'USAGE'],
    ['a time that is none', async () => ['verify', ...(await written()), '--at', 'yesterday'], 'USAGE'],
    [
      'a path that leads nowhere',
      async () => ['verify', '/nowhere/bundle.json', ...(await written()).slice(1), ...AT],
      'FILE_NOT_FOUND',
    ],
    ['no command at all', async () => [], 'USAGE'],
    ['a day that is none', async () => ['verify', ...(await written()), '--at', '2026-02-30'], 'USAGE'],
    [
      'a folder for a file',
      async () => ['verify', folder, ...(await written()).slice(1), ...AT],
      'FILE_NOT_FOUND',
    ],
    [
      'an output that cannot be',
      async () => {
        const out = ['--out', join(folder, 'nowhere', 'request.json')]
        return [...(await requestWords()), ...out]
      },
      'FILE_NOT_WRITTEN',
    ],
    ['a name that is none', () => requestWords(''), 'USAGE'],
  ])('%s ends with 1', async (_, args, code) => {
    const run = await bob(...(await args()))
    expect(run.exit).toBe(1)
    expect(run.stderr).toContain(`[${code}]`)
    expect(run.stderr).toMatch(/^bob: error: |^bob: these checks/m)
  })

  test('no argument can forge a line of the answer', async () => {
    const forged = 'x\nbob: accepted'
    for (const args of [
      ['verify', ...(await written()), '--at', forged],
      [forged],
      ['request', `--${forged}`],
    ]) {
      const run = await bob(...args)
      expect(run.exit).toBe(1)
      expect(run.stdout + run.stderr).not.toMatch(/^bob: accepted/m)
    }
  })

  test('what is wrong with a file is said of it by its path', async () => {
    const args = await written({ accept: '' })
    const run = await bob('verify', ...args, ...AT)
    expect(run.stderr).toContain(`accept.json": a JSON value was expected`)
    expect(run.stdout).toBe('undecided\n')
  })

  test('a reader that goes away gets no stack trace', async () => {
    const command = [...BOB, 'circuits', '--json']
    const { stderr } = await new Promise<{ stderr: string }>((resolve) => {
      execFile('sh', ['-c', `"$@" 2>&1 >&- | cat >&2`, 'sh', ...command], (_, stdout, stderr) =>
        resolve({ stderr: stdout + stderr }),
      )
    })
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  test('help shows an example, on stdout, and ends with 0', async () => {
    const run = await bob('--help')
    expect(run).toMatchObject({ exit: 0, stderr: '' })
    expect(run.stdout).toContain('example:\n  bob request')
  })
})

describe('bob request', () => {
  test('asks for what the policy accepts; the Request is judged like any other', async () => {
    const words = await requestWords()
    const out = join(folder, 'asked.json')
    expect(await bob(...words, '--challenge', 'c1'.repeat(32), '--out', out)).toMatchObject({
      exit: 0,
      stdout: '',
    })
    expect(await readFile(out, 'utf8')).toBe(`${good.request}\n`)
    const printed = await bob(...words)
    expect(JSON.parse(printed.stdout).challenge).not.toBe('c1'.repeat(32))
  })

  test.each([
    [['--challenge', 'C1'], 1, 'USAGE'],
    [['--profile', 'md5'], 1, 'USAGE'],
    [['--max-age', '0'], 1, 'USAGE'],
    [['--max-age', '301'], 3, 'FRESHNESS_TOO_WEAK'],
    [['--context', '00'], 1, 'USAGE'],
    [['--at', String(NOON + 100_000)], 3, 'HEAD_TOO_OLD'],
  ] as const)('refuses %j', async (extra, exit, code) => {
    const run = await bob(...(await requestWords()), ...extra)
    expect(run.exit).toBe(exit)
    expect(run.stderr).toContain(`[${code}]`)
  })
})

describe('the other commands', () => {
  test('bob show recognises each file by its content', async () => {
    const [bundle = '', , request = '', , accept = '', , registry = ''] = await written()
    const run = await bob('show', bundle, request, accept, join(registry, 'head.json'), '--json')
    expect(run.exit).toBe(0)
    expect((JSON.parse(run.stdout) as { kind: string }[]).map(({ kind }) => kind)).toEqual([
      'bundle',
      'Request',
      'acceptance policy',
      'head',
    ])
    const words = await bob('show', bundle)
    expect(words.stdout).toContain('"hello"')
  })

  test('bob show says what it does not know', async () => {
    const path = join(folder, 'other.json')
    await writeFile(path, '{"a":1}')
    expect(await bob('show', path)).toMatchObject({
      exit: 4,
      stderr: expect.stringContaining('[VALUE_MALFORMED]'),
    })
  })

  test('bob circuits lists what is pinned', async () => {
    const run = await bob('circuits', '--json')
    const circuits = JSON.parse(run.stdout) as {
      name: string
      gates: number
      extent: number
      budget: { gates: number; extent: number }
      vkHash: string
    }[]
    expect(circuits.map(({ name }) => name)).toEqual(['enroll', 'respond'])
    for (const { gates, extent, budget, vkHash } of circuits) {
      expect(gates).toBeLessThanOrEqual(budget.gates)
      expect(extent).toBeLessThanOrEqual(50_000)
      expect(vkHash).toMatch(/^[0-9a-f]{64}$/)
    }
    expect((await bob('circuits')).stdout).toContain('respond')
  })

  test('bob doctor finds this machine fit', async () => {
    const run = await bob('doctor', '--json')
    expect(JSON.parse(run.stdout)).toMatchObject({ healthy: true })
    expect(run.exit).toBe(0)
  })
})
