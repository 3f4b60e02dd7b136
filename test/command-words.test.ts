import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clock } from '@vouch/host/node'
import { printAcceptance } from '@vouch/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import { type Command, installedFile } from '../fixtures/story/commands.js'
import { makeStory } from '../fixtures/story/story.js'
import { pathInRepository } from './support/repository.js'

// What the commands say to a person whose command line is wrong, as processes: the fact, and what to do.

const folder = mkdtempSync(join(tmpdir(), 'vouch-words-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(join(folder, 'good.json'), '{"version":1,"registry_id":""}')
symlinkSync(pathInRepository('node_modules'), join(folder, 'node_modules'))
writeFileSync(join(folder, 'broken.json'), '{')
writeFileSync(join(folder, 'broken.yaml'), 'name: [')
writeFileSync(join(folder, 'unknown.json'), '{"a":1}')
writeFileSync(join(folder, 'accept.json'), printAcceptance(makeStory(clock()).acceptance))

/** Runs a command line in the folder, and gives what it says of it: the errors, without hints. */
function said(line: string): Promise<{ exit: number; errors: readonly string[]; words: string }> {
  const [program = '', ...words] = line.split(' ')
  const env = { ...process.env, VOUCH_HOME: join(folder, 'home') }
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [installedFile(program as Command), ...words],
      { cwd: folder, env },
      (error, _, stderr) => {
        const errors = stderr.split('\n').flatMap((one) => /^[a-z-]+: error: (.*)$/.exec(one)?.[1] ?? [])
        resolve({ exit: typeof error?.code === 'number' ? error.code : 0, errors, words: stderr })
      },
    )
  })
}

describe('a command line that is wrong is told so in our words', () => {
  it.each([
    ['bob verfy', "no command 'verfy'; did you mean 'verify'?"],
    ['bob help verfi', "no command 'verfi'; commands: verify, request, show, "],
    ['bob', 'no command given; commands: verify, request, show, '],
    ['bob policy', 'no command given; commands: init, id, show, check'],
    ['alice', 'no command given; commands: enroll, prove, credential, sync, srs'],
    ['registrar', 'no command given; commands: init, nonce, admit, serve, '],
    ['tee-agent serv', "no command 'serv'; did you mean 'serve'?"],
    ['bob circuits --jsn', "no option '--jsn'; did you mean '--json'?"],
    ['bob circuits a b', '2 arguments given where 0 can be'],
    ['bob verify x --backend y', "the option --backend <kind> takes one of auto, native, wasm, not 'y'"],
    ['vouch-echo foo', "no argument can be given, such as 'foo'"],
    ['vouch-echo --key --tcp x', 'the option --key has no value'],
  ])('%s', async (line, wanted) => {
    const { exit, errors, words } = await said(line)
    expect(errors).toEqual([expect.stringContaining(wanted)])
    expect(errors[0]).toMatch(/ \[USAGE\]$/)
    expect(words).not.toMatch(/Did you mean|\?\(|Usage:/)
    expect(exit).toBe(1)
  })
})

describe('a time that there is not is a usage error', () => {
  it.each(['2026-13-40', '2026-11-21T25:00:00Z', '-5'])('--at %s', async (time) => {
    const { exit, errors } = await said(`bob evidence good.json --at=${time}`)
    expect(errors).toEqual([expect.stringMatching(/^"[^"]+" is no time; .* \[USAGE\]$/)])
    expect(exit).toBe(1)
  })
})

describe('a file that is broken or missing is named', () => {
  it.each([
    ['bob show broken.json', 4, /^"broken.json": .*\[JSON_MALFORMED\]$/],
    ['bob show unknown.json', 4, /^"unknown.json": it is none of these: .*\[VALUE_MALFORMED\]$/],
    ['bob policy check broken.yaml', 4, /^"broken.yaml": .*\[YAML_MALFORMED\]$/],
    ['registrar init new --policy broken.yaml unknown.json', 4, /^"broken.yaml": .*\[YAML_MALFORMED\]$/],
    ['bob show none.json', 1, /^cannot read "none.json": no such file \[FILE_NOT_FOUND\]$/],
    ['bob show .', 1, /^cannot read ".": it is a folder \[FILE_NOT_FOUND\]$/],
    [
      'bob policy init --out no/where.yaml',
      1,
      /^cannot write "no\/where.yaml": no such folder \[FILE_NOT_WRITTEN\]$/,
    ],
    ['registrar show nowhere', 1, /^"nowhere" is no folder of a registry \[FILE_NOT_FOUND\]$/],
  ] as const)('%s', async (line, exit, wanted) => {
    const told = await said(line)
    expect(told.errors).toEqual([expect.stringMatching(wanted)])
    expect(told.exit).toBe(exit)
  })

  it.each([
    ['bob show a b', 'cannot read "a", "b": no such file [FILE_NOT_FOUND]'],
    ['bob evidence a b', 'cannot read "a", "b": no such file [FILE_NOT_FOUND]'],
    ['registrar init new --policy a b', 'cannot read "a", "b": no such file [FILE_NOT_FOUND]'],
    [
      'bob verify a --request b --accept c --registry d',
      'cannot read "a", "b", "c", "d": no such file [FILE_NOT_FOUND]',
    ],
  ])('and several that are missing in one row: %s', async (line, wanted) => {
    const { exit, errors, words } = await said(line)
    expect(errors).toEqual([wanted])
    expect(words.match(/no such file/g)?.length).toBeLessThanOrEqual(2) // the check, and the error
    expect(exit).toBe(1)
  })

  it('and those that fail for different reasons each in its own', async () => {
    const { errors } = await said('bob verify a --request . --accept broken.json --registry d')
    expect(errors).toEqual([
      'cannot read "a", "d": no such file [FILE_NOT_FOUND]',
      'cannot read ".": it is a folder [FILE_NOT_FOUND]',
      expect.stringMatching(/^"broken.json": /),
    ])
  })
})

describe('a credential that there is not', () => {
  it.each(['show', 'forget'])('alice credential %s', async (command) => {
    const { exit, errors } = await said(`alice credential ${command} mine`)
    expect(errors).toEqual(["no credential is named 'mine'; there are none [CREDENTIAL_UNKNOWN]"])
    expect(exit).toBe(1)
  })

  it('is a missing file where a path was given', async () => {
    const { exit, errors } = await said('alice credential show no/mine.json')
    expect(errors).toEqual(['cannot read "no/mine.json": no such file [FILE_NOT_FOUND]'])
    expect(exit).toBe(1)
  })
})

describe('a server that does not answer', () => {
  const asking = (url: string) =>
    said(`bob request --accept accept.json --registry ${url} --verifier https://shop.example`)

  it('is named, with what failed and what to do', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    await new Promise((resolve) => server.close(resolve))
    const { exit, errors, words } = await asking(`http://127.0.0.1:${port}`)
    expect(errors).toEqual([
      `no usable answer from the registry at "http://127.0.0.1:${port}/head.json": connection refused (ECONNREFUSED) [REGISTRY_UNREACHABLE]`,
    ])
    expect(words).toContain('bob: hint: give the folder of a synced registry instead')
    expect(exit).toBe(4)
  })

  it('is told apart from a host that there is not', async () => {
    const { errors } = await asking('http://nothing.invalid')
    expect(errors).toEqual([
      expect.stringMatching(/"http:\/\/nothing.invalid\/head.json": .* \((ENOTFOUND|EAI_AGAIN)\) /),
    ])
  })
})
