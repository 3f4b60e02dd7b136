import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { announce, keyOf, writeConfiguration } from '../testing/agents.js'
import { folder, named, newFolder, plant } from '../testing/stores.js'

// `tee-agent` as a process: arguments, streams, signals and exit status.

interface Run {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

const COMMAND = [
  '--conditions=vouch:source',
  '--import',
  'tsx',
  new URL('../node/tee-agent.ts', import.meta.url).pathname,
]

function teeAgent(...args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...COMMAND, ...args], (error, stdout, stderr) => {
      resolve({ exit: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
  })
}

let scratch: string
let config: string
beforeAll(async () => {
  scratch = await newFolder()
  config = await writeConfiguration(scratch, ['echo'])
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

describe('tee-agent serve', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('serves until %s, then goes without a trace', async (signal) => {
    const agent = spawn(process.execPath, [...COMMAND, 'serve', '--config', config, '--port', '0', '--json'])
    const url = await firstUrl(agent)
    expect(await announce(join(scratch, 'echo/announce.sock'), keyOf(1))).toContain('accepted')
    expect((await fetch(`${url}/info`)).status).toBe(200)
    const exited = once(agent, 'exit')
    agent.kill(signal)
    expect(await exited).toEqual([0, null])
    await expect(stat(join(scratch, 'echo/announce.sock'))).rejects.toThrow()
  })

  test('takes limits from a file that no hash covers, and the origins that it is told', async () => {
    const limits = join(scratch, 'limits.yaml')
    await writeFile(limits, 'version: 1\nreads: { burst: 3, per_minute: 1 }\n')
    const options = ['--limits', limits, '--allow-origin', 'https://app.example']
    const agent = spawn(process.execPath, [
      ...COMMAND,
      'serve',
      '--config',
      config,
      '--port',
      '0',
      '--json',
      ...options,
    ])
    const url = await firstUrl(agent)
    const from = (origin: string) => fetch(`${url}/health`, { headers: { origin } })
    const [good, evil] = [await from('https://app.example'), await from('https://evil.example')]
    expect(good.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(evil.headers.get('access-control-allow-origin')).toBeNull()
    const head = await fetch(`${url}/health`, { method: 'HEAD' })
    expect([head.status, head.headers.get('etag')]).toEqual([200, good.headers.get('etag')])
    expect((await from('https://app.example')).status).toBe(429)
    const exited = once(agent, 'exit')
    agent.kill('SIGTERM')
    await exited
  })

  test.each([
    ['with an origin that is none', ['serve', '--config', 'CONFIG', '--allow-origin', 'x'], 1, 'USAGE'],
    [
      'with limits that are not there',
      ['serve', '--config', 'CONFIG', '--limits', '/nowhere'],
      1,
      'FILE_NOT_FOUND',
    ],
    [
      'with limits that say nothing known',
      ['serve', '--config', 'CONFIG', '--limits', 'CONFIG'],
      4,
      'MEMBER_UNKNOWN',
    ],
    ['without a configuration', ['serve'], 1, 'USAGE'],
    ['with a configuration that is not there', ['serve', '--config', '/nowhere'], 1, 'FILE_NOT_FOUND'],
    ['with a port that is none', ['serve', '--config', 'CONFIG', '--port', '70000'], 1, 'USAGE'],
    ['without a command', [], 1, 'USAGE'],
  ])('%s is told what is wrong', async (_, args, exit, code) => {
    const run = await teeAgent(...args.map((arg) => (arg === 'CONFIG' ? config : arg)), '--json')
    expect(run.exit).toBe(exit)
    expect(run.stderr).toContain(`[${code}]`)
  })
})

describe('what has served', () => {
  const ending = new URL('../node/ending.ts', import.meta.url).href
  const out = '{ program: "agent", data: () => {}, words: (text) => console.error(text) }'
  const program = (before: string): readonly string[] => [
    ...COMMAND.slice(0, -1),
    ...['--input-type=module', '--eval'],
    `import { endWhateverHangs } from ${JSON.stringify(ending)}; ${before}; endWhateverHangs(${out})`,
  ]

  test('ends though the kernel owes it an answer: a thread waits there, and an exit would wait for it', async () => {
    const pipe = join(scratch, 'never-written')
    execFileSync('mkfifo', [pipe])
    const blocked = `import { readFile } from 'node:fs/promises'; readFile(${JSON.stringify(pipe)})`
    const hanging = spawn(process.execPath, program(blocked))
    expect(await once(hanging, 'exit')).toEqual([null, 'SIGKILL'])
  })

  test('ends by itself where nothing hangs', async () => {
    expect(await once(spawn(process.execPath, program('')), 'exit')).toEqual([0, null])
  })
})

async function firstUrl(agent: ChildProcess): Promise<string> {
  let said = ''
  for await (const piece of agent.stdout ?? []) {
    said += String(piece)
    if (said.includes('\n')) break
  }
  return (JSON.parse(said) as { url: string }).url
}

test('tee-agent check prints what a configuration amounts to', async () => {
  const run = await teeAgent('check', '--config', config, '--json')
  expect(JSON.parse(run.stdout)).toEqual({
    provider: 'simulated',
    os_image_hash: '05'.repeat(32),
    services: [{ name: 'echo', instance: 0, drv: '04'.repeat(32) }],
  })
  expect(run.stderr).toContain('nothing genuine stands behind its evidence')
  expect(await teeAgent('check', '--config', config)).toMatchObject({
    exit: 0,
    stdout: expect.stringMatching(/os_image_hash {2}(05){32}\n/),
  })
})

describe('tee-agent hash', () => {
  const [app, lib] = [named('1', 'app'), named('2', 'lib')]
  let store: string
  beforeAll(async () => {
    store = join(scratch, 'store')
    await plant(join(store, app), folder({ bin: folder({ run: { run: `load ${store}/${lib}/so` } }) }))
    await plant(join(store, lib), folder({ so: 'code' }))
  })

  test('prints the hashes that policies name', async (context) => {
    needs.nix(context)
    const paths = [join(store, app), join(store, lib)]
    const run = await teeAgent('hash', ...paths, '--program', join(store, app, 'bin/run'), '--json')
    const printed = JSON.parse(run.stdout) as {
      closure: string
      paths: { name: string; tree_hash: string }[]
      programs: { drv: string }[]
    }
    for (const { name, tree_hash } of printed.paths) {
      const args = [
        '--extra-experimental-features',
        'nix-command',
        'hash',
        'path',
        '--base16',
        join(store, name),
      ]
      expect(execFileSync('nix', args, { encoding: 'utf8' }).trim()).toBe(tree_hash)
    }
    expect(printed.closure).toMatch(/^[0-9a-f]{64}$/)
    expect(printed.programs).toEqual([
      { program: join(store, app, 'bin/run'), drv: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ])
  })

  test('refuses a closure that is open, with exit 4, and no paths, with exit 1', async () => {
    const open = await teeAgent('hash', join(store, app))
    expect(open).toMatchObject({ exit: 4, stdout: '', stderr: expect.stringContaining('[CLOSURE_OPEN]') })
    expect(open.stderr).toContain(lib)
    expect(await teeAgent('hash')).toMatchObject({ exit: 1, stderr: expect.stringContaining('[USAGE]') })
  })
})
