import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { openBackend } from '@vouch/circuits/node'
import { printAdmissionPolicy } from '@vouch/evidence'
import { openFileDatabase } from '@vouch/host/sql'
import {
  type ErrorCode,
  fieldToBytes,
  type Head,
  isHeadSigned,
  type NonceTicket,
  parseBucket,
  parseHead,
  parseReceipt,
  parseTicket,
  printEnrollment,
  toHex,
} from '@vouch/protocol'
import {
  type Client,
  type Lies,
  newChip,
  newClient,
  THREE_REFUSALS,
  THRICE_REFUSED,
  testPolicy,
} from '@vouch/registry/testing/enrolling'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { pathInRepository, readManifest } from '../../../test/support/repository.js'
import { COMMAND, registrar as run } from '../../testing/registrar.js'

// `registrar` as a process: arguments, files, streams and exit status.

const registrar = (...words: readonly string[]) => run(words)

const manifest = readManifest('registry')
const policy = testPolicy()
const backend = openBackend({ kind: 'native' })
const chip = newChip()
let folder: string
let registry: string
const path = (name: string): string => join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-registrar-'))
  registry = path('registry')
  await writeFile(path('policy.json'), printAdmissionPolicy(policy))
  const made = await registrar('init', registry, '--policy', path('policy.json'), '--json')
  expect(made).toMatchObject({ exit: 0, stderr: expect.stringContaining('simulated evidence') })
})
afterAll(async () => {
  await backend.destroy()
  await rm(folder, { recursive: true, force: true })
})

async function nonceFor({ credential }: Client): Promise<NonceTicket> {
  const run = await registrar('nonce', registry, '--credential', toHex(fieldToBytes(credential)))
  expect(run.exit).toBe(0)
  return parseTicket(run.stdout)
}

/** Writes a client's enrollment, as the client wants it. */
async function enrolled(client: Client, lies: Lies = {}): Promise<string> {
  const file = path(`${toHex(fieldToBytes(client.credential)).slice(0, 8)}.json`)
  await writeFile(file, printEnrollment(await client.enroll(await nonceFor(client), lies)))
  return file
}

async function expectRefused(file: string, exit: number, ...codes: readonly ErrorCode[]): Promise<void> {
  const run = await registrar('admit', registry, file, '--json')
  expect(run.exit).toBe(exit)
  const { failures } = JSON.parse(run.stdout) as { failures: { code: ErrorCode }[] }
  expect(failures.map(({ code }) => code)).toEqual(codes)
  expect(run.stdout + run.stderr).not.toMatch(/\n\s+at /)
}

/** Members as `show` tells of them, or as a server publishes them. */
async function members(
  url?: string,
): Promise<readonly { credential: string; state?: string; machine?: string }[]> {
  if (url === undefined) {
    const shown = await registrar('show', registry, '--members', '--json')
    return (JSON.parse(shown.stdout) as { members: { credential: string; state: string }[] }).members
  }
  const bucket = parseBucket(new Uint8Array(await (await fetch(`${url}/leaves/0`)).arrayBuffer()))
  return bucket.flatMap((leaf) => (leaf && [{ credential: toHex(fieldToBytes(leaf.credential)) }]) || [])
}

const machineOf = async (number: number): Promise<string> => (await members())[number]?.machine ?? ''

const headAt = async (url: string): Promise<Head> => parseHead(await (await fetch(`${url}/head.json`)).text())

/** A server that runs until the test ends it. */
async function served(...args: readonly string[]) {
  const serving = spawn(process.execPath, [...COMMAND.slice(1), 'serve', registry, '--port', '0', ...args])
  const ended = once(serving, 'exit')
  onTestFinished(() => void serving.kill('SIGKILL'))
  const [line] = (await once(createInterface(serving.stdout), 'line')) as [string]
  const end = (signal: NodeJS.Signals): Promise<unknown> => {
    serving.kill(signal)
    return ended
  }
  return { serving, url: line.replace('serving ', ''), end }
}

interface Former {
  readonly members: number
  readonly seq: number
  readonly size: number
  readonly root: string
  readonly refused_machines: readonly string[]
  readonly removed: readonly number[]
}

interface Shown {
  readonly members: readonly { readonly number: number; readonly state: string }[]
}

/** Changes a registry's database past every rule of the registry's. */
async function tamper(folder: string, text: string): Promise<void> {
  const database = await openFileDatabase(join(folder, 'registry.db'))
  await database.run(text)
  await database.close()
}

describe('registrar', () => {
  test('init keeps secrets for their owner, and makes nothing over what is there', async () => {
    for (const name of ['signer.key', 'nonce.key']) {
      expect((await stat(join(registry, name))).mode & 0o777).toBe(0o600)
    }
    expect((await stat(registry)).mode & 0o777).toBe(0o700)
    const key = await readFile(join(registry, 'signer.key'), 'utf8')
    await writeFile(path('another.json'), printAdmissionPolicy({ ...policy, name: 'another' }))
    const again = await registrar('init', registry, '--policy', path('another.json'))
    expect(await readdir(join(registry, 'policies'))).toHaveLength(1)
    expect(again).toMatchObject({ exit: 1, stderr: expect.stringContaining('[USAGE]') })
    expect(await readFile(join(registry, 'signer.key'), 'utf8')).toBe(key)
  })

  test('init that was interrupted, at whatever it was, is done by another', async () => {
    const interrupted = path('interrupted')
    const files = ['policies', 'nonce.key', 'signer.key']
    for (let done = 0; done <= files.length; done++) {
      await mkdir(interrupted)
      for (const name of files.slice(0, done))
        await cp(join(registry, name), join(interrupted, name), { recursive: true })
      expect((await registrar('init', interrupted, '--policy', path('policy.json'))).exit).toBe(0)
      expect((await registrar('show', interrupted)).exit).toBe(0)
      await rm(interrupted, { recursive: true })
    }
  })

  test('a policy that does not load is named among those that do, and keeps the registrar from starting', async () => {
    const broken = path('with a broken policy')
    await cp(registry, broken, { recursive: true })
    await writeFile(join(broken, 'policies', 'renamed.json'), '{"version":')
    const serving = await registrar('serve', broken, '--port', '0')
    expect(serving).toMatchObject({ exit: 4, stderr: expect.stringContaining('/policies/renamed.json": ') })
    expect(serving.stderr).toContain('[JSON_MALFORMED]')
  })

  test('nonce, admit, head, show, export and sync: from a credential to a copy of the registry', async () => {
    const client = newClient(backend, policy, chip)
    const file = await enrolled(client)
    const admitted = await registrar('admit', registry, file)
    expect(admitted).toMatchObject({ exit: 0, stderr: expect.stringContaining('admitted as member 0') })
    expect(parseReceipt(admitted.stdout).credential).toBe(client.credential)
    await expectRefused(file, 3, 'NONCE_USED')

    const before = parseHead((await registrar('head', registry)).stdout)
    const head = parseHead((await registrar('head', registry, '--cut')).stdout)
    expect(isHeadSigned(head)).toBe(true)
    expect(head).toMatchObject({ seq: before.seq + 1, size: 1 })

    const shown = await registrar('show', registry, '--members', '--json')
    expect(JSON.parse(shown.stdout)).toMatchObject({
      leaves: { live: 1, expired: 0, removed: 0 },
      unpublished: 0,
      members: [{ number: 0, state: 'live', credential: toHex(fieldToBytes(client.credential)) }],
    })
    expect((await registrar('show', registry)).stdout).toContain('1 live')
    expect((await registrar('show', registry, '--members')).stdout).toMatch(
      /\n {6}0 {2}live {5}[0-9a-f]{64} /,
    )

    const exported = await registrar('export', registry, '--to', path('public'), '--json')
    expect(JSON.parse(exported.stdout)).toEqual({ seq: head.seq, size: 1, written: 1, buckets: 1 })
    const signer = toHex(head.signer)
    const synced = await registrar('sync', path('public'), '--to', path('copy'), '--signer', signer)
    expect(synced).toMatchObject({ exit: 0, stdout: expect.stringContaining('fetched 1 of 1') })
    expect(parseHead(await readFile(path('copy/head.json')))).toEqual(head)
    const stranger = await registrar(
      'sync',
      path('public'),
      '--to',
      path('other'),
      '--registry',
      '00'.repeat(32),
    )
    expect(stranger).toMatchObject({ exit: 3, stderr: expect.stringContaining('[REGISTRY_NOT_ACCEPTED]') })
  })

  test('admit ends with the status of the gravest failure', async () => {
    const client = newClient(backend, policy)
    await expectRefused(await enrolled(client, { unproven: true }), 2, 'PROOF_FALSE')
    await expectRefused(
      await enrolled(client, { unproven: true, report: { debug: true, vmpl: 1 } }),
      3,
      'VMPL_NOT_ACCEPTED',
      'DEBUG_NOT_ACCEPTED',
    )
    const thrice = await enrolled(client, THRICE_REFUSED)
    const told = await registrar('admit', registry, thrice, '--json')
    expect(JSON.parse(told.stdout)).toEqual({ failures: THREE_REFUSALS })
    expect(told.stderr).toContain('hint: guest_policy.debug: wanted false')
    await writeFile(path('broken.json'), '{"version":1')
    await expectRefused(path('broken.json'), 4, 'JSON_MALFORMED')
    expect((await registrar('admit', registry, path('nothing.json'))).exit).toBe(1)
  })

  test('remove --machine empties all its leaves, and keeps it out under any secret', async () => {
    const machine = await machineOf(0)
    const removed = await registrar(
      'remove',
      registry,
      '--machine',
      machine,
      '--reason',
      'broken into',
      '--json',
    )
    expect(JSON.parse(removed.stdout)).toEqual({ removed: 1, seq: 2 })
    expect(parseHead((await registrar('head', registry)).stdout).previousRoot).toBe(0n)
    await expectRefused(
      await enrolled(newClient(backend, policy, chip), { unproven: true }),
      3,
      'MACHINE_REFUSED',
    )
    const nobody = await registrar('remove', registry, '--credential', '00'.repeat(32), '--reason', 'none')
    expect(nobody).toMatchObject({ exit: 4, stderr: expect.stringContaining('[LEAF_MISSING]') })
    expect((await registrar('remove', registry, '--reason', 'none')).exit).toBe(1)
  })

  test('a removed machine stays out when all is lost but the database, until it is let in again', async () => {
    const machine = await machineOf(0)
    const restored = path('from the database')
    await cp(registry, restored, { recursive: true })
    await rm(join(restored, 'head.json'))
    expect(parseHead((await registrar('head', restored, '--cut')).stdout).seq).toBe(2)
    expect(await stat(join(restored, 'head.json'))).toBeDefined()
    const shown = await registrar('show', restored, '--json')
    expect(JSON.parse(shown.stdout)).toMatchObject({ refused_machines: [machine] })
    expect((await registrar('show', restored, '--members')).stdout).toContain(`\n             ${machine}`)
    const enrollment = await enrolled(newClient(backend, policy, chip), { unproven: true })
    await expectRefused(enrollment, 3, 'MACHINE_REFUSED')

    const readmit = () => registrar('readmit', registry, '--machine', machine, '--reason', 'it was another')
    expect(await readmit()).toMatchObject({ exit: 0, stderr: expect.stringContaining('may enroll again') })
    await expectRefused(enrollment, 2, 'PROOF_FALSE')
    expect(await readmit()).toMatchObject({ exit: 1, stderr: expect.stringContaining('[USAGE]') })
    const { state } = (await members())[0] ?? {}
    expect(state).toBe('removed')
  })

  test('serve answers until it is told to end, is the one writer, and cuts heads on the clock', async () => {
    const { url, end } = await served('--cut-every', '1')
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' })
    expect((await registrar('sync', url, '--to', path('copy'))).exit).toBe(0)
    const second = await registrar('head', registry, '--cut')
    expect(second).toMatchObject({ exit: 4, stderr: expect.stringContaining('[LOCKED]') })
    expect(second.stderr).toContain('hint: end that process, such as registrar serve')

    const other = path('other registry')
    await registrar('init', other, '--policy', path('policy.json'))
    const taken = await registrar('serve', other, '--port', new URL(url).port)
    expect(taken).toMatchObject({ exit: 1, stderr: expect.stringContaining('must be free') })

    const { size } = await headAt(url)
    const enrollment = await readFile(await enrolled(newClient(backend, policy)))
    const type = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}/enroll`, { method: 'POST', headers: type, body: enrollment })
    expect(answer.status).toBe(201)
    await expect.poll(async () => (await headAt(url)).size, { timeout: 20_000 }).toBe(size + 1)
    expect(await end('SIGTERM')).toEqual([0, null])
    expect((await registrar('sync', url, '--to', path('copy'))).stderr).toContain('[REGISTRY_UNREACHABLE]')
  })

  test('remove works while a server runs, in that very server', async () => {
    const { url, end } = await served()
    const { seq, size } = await headAt(url)
    const { credential } = (await members(url)).at(-1) ?? {}
    const args = [
      'remove',
      registry,
      '--reason',
      'its owner left',
      '--json',
      '--credential',
      credential ?? '',
    ]
    const removed = await registrar(...args)
    expect(removed).toMatchObject({ exit: 0, stderr: '' })
    expect(JSON.parse(removed.stdout)).toEqual({ removed: 1, seq: seq + 1 })
    expect(await headAt(url)).toMatchObject({ seq: seq + 1, size, previousRoot: 0n })
    const again = await registrar(...args)
    expect(again).toMatchObject({ exit: 0, stderr: '' }) // it is done already
    expect(JSON.parse(again.stdout)).toEqual({ removed: 0, seq: seq + 1 })
    expect((await registrar(...args.filter((word) => word !== '--json'))).stdout).toContain('removed before')
    const socket = await stat(join(registry, 'control.sock'))
    expect(socket.mode & 0o077).toBe(0)

    const machine = ['--machine', 'ab'.repeat(32), '--reason', 'a slip']
    expect((await registrar('remove', registry, ...machine)).stdout).toContain('removed 0 leaves')
    expect((await registrar('readmit', registry, ...machine)).exit).toBe(0)
    const lines = (await registrar('audit', registry)).stdout.split('\n').slice(-4, -1)
    expect(lines.map((line) => (JSON.parse(line) as { outcome: string }).outcome)).toEqual([
      'removed',
      'removed',
      'readmitted',
    ])
    expect(await end('SIGKILL')).toEqual([null, 'SIGKILL'])
    // What a killed server left of its socket is in nobody's way.
    expect((await registrar('remove', registry, ...machine)).exit).toBe(0)
    expect((await registrar('readmit', registry, ...machine)).exit).toBe(0)
    const next = await served()
    expect((await registrar('remove', registry, ...machine)).exit).toBe(0)
    expect(await next.end('SIGINT')).toEqual([0, null])
  })

  test('show and export read while a server runs: a machine is found, removed, and the copy follows', async () => {
    const { url, end } = await served('--cut-every', '1')
    const enrollment = await readFile(await enrolled(newClient(backend, policy)))
    const type = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}/enroll`, { method: 'POST', headers: type, body: enrollment })
    expect(answer.status).toBe(201)
    const listed = (await members()).at(-1)
    expect(listed).toMatchObject({
      state: 'live',
      credential: toHex(fieldToBytes(parseReceipt(await answer.text()).credential)),
    })
    const args = ['--machine', listed?.machine ?? '', '--reason', 'broken into', '--json']
    const removed = await registrar('remove', registry, ...args)
    expect(JSON.parse(removed.stdout)).toMatchObject({ removed: 1 })
    expect((await members()).at(-1)).toMatchObject({ state: 'removed' })
    expect((await registrar('show', registry, '--machine', listed?.machine ?? '')).stdout).toContain(
      'removed  ',
    )

    const exported = await registrar('export', registry, '--to', path('beside a server'), '--json')
    expect(exported).toMatchObject({ exit: 0, stderr: '' })
    const head = parseHead(await readFile(path('beside a server/head.json')))
    expect(head.seq).toBeGreaterThanOrEqual((JSON.parse(removed.stdout) as { seq: number }).seq)
    expect((await registrar('sync', path('beside a server'), '--to', path('its copy'))).exit).toBe(0)
    expect(await end('SIGTERM')).toEqual([0, null])
  })

  test('serve --behind-proxy wants to be told for whom', async () => {
    const { url, end } = await served('--behind-proxy')
    const direct = await fetch(`${url}/health`)
    expect(direct.status).toBe(400)
    expect(await direct.text()).toContain('X-Forwarded-For')
    const forwarded = await fetch(`${url}/health`, { headers: { 'x-forwarded-for': '203.0.113.1' } })
    expect(forwarded.status).toBe(200)
    await end('SIGTERM')
    const nonsense = await registrar('serve', registry, '--behind-proxy', 'nginx')
    expect(nonsense).toMatchObject({ exit: 1, stderr: expect.stringContaining('[USAGE]') })
  })

  test('rebuild checks all records, and makes anew what rotted; records that rotted it refuses', async () => {
    const damaged = path('damaged')
    await cp(registry, damaged, { recursive: true })
    const head = parseHead((await registrar('head', registry)).stdout)
    const root = toHex(fieldToBytes(head.root))
    await tamper(damaged, `UPDATE buckets SET root = x'${'11'.repeat(32)}'`)
    const cut = () => registrar('head', damaged, '--cut', '--force')
    expect(parseHead((await registrar('head', damaged)).stdout)).toEqual(head)
    const rebuilt = await registrar('rebuild', damaged, '--json')
    expect(JSON.parse(rebuilt.stdout)).toEqual({ members: 3, seq: head.seq, root })
    expect(parseHead((await cut()).stdout)).toMatchObject({ seq: head.seq + 1, root: head.root })
    expect((await registrar('rebuild', damaged)).stdout).toBe(
      `the records hold: 3 members, and heads up to ${head.seq + 1} with root ${root}\n`,
    )
    await tamper(damaged, `UPDATE records SET body = x'00' WHERE n = 2`)
    const refused = await registrar('rebuild', damaged)
    expect(refused).toMatchObject({ exit: 4, stdout: '', stderr: expect.stringContaining('[LOG_CORRUPT]') })
  })

  test('goes on under a new key; a copy takes it only when told', async () => {
    const before = parseHead((await registrar('head', registry)).stdout)
    await writeFile(path('new.key'), `${'5a'.repeat(32)}\n`, { mode: 0o600 })
    const rotated = await registrar('head', registry, '--cut', '--force', '--key', path('new.key'))
    const head = parseHead(rotated.stdout)
    expect(isHeadSigned(head)).toBe(true)
    expect(head).toMatchObject({ seq: before.seq + 1, size: before.size, root: before.root })
    expect(head.signer).not.toEqual(before.signer)
    await registrar('export', registry, '--to', path('rotated'))
    const sync = (...args: string[]) => registrar('sync', path('rotated'), '--to', path('copy'), ...args)
    expect(await sync()).toMatchObject({ exit: 3, stderr: expect.stringContaining('[SIGNER_NOT_ACCEPTED]') })
    expect((await sync('--signer', toHex(head.signer))).exit).toBe(0)
  })

  test('a backup is made while a server runs, and opens elsewhere; one older than the published head signs nothing', async () => {
    const { end } = await served()
    const head = parseHead((await registrar('head', registry)).stdout)
    const restored = path('restored')
    await mkdir(restored)
    const copied = join(restored, 'registry.db')
    const made = await registrar('backup', registry, '--to', copied, '--json')
    expect(made).toMatchObject({ exit: 0, stderr: expect.stringContaining('keep a copy of those too') })
    expect(JSON.parse(made.stdout)).toEqual({ to: copied, seq: head.seq, members: 3 })
    expect((await stat(copied)).mode & 0o777).toBe(0o600)
    expect(await readdir(restored)).toEqual(['registry.db'])
    await end('SIGTERM')
    const again = await registrar('backup', registry, '--to', path('again.db'))
    expect(again.stdout).toBe(`copied 3 members, and heads up to ${head.seq}\n`)

    const shown = await registrar('show', restored, '--json')
    expect(JSON.parse(shown.stdout)).toMatchObject({ leaves: { live: 0, expired: 0, removed: 3 } })
    const cut = (folder: string) => registrar('head', folder, '--cut', '--force', '--key', path('new.key'))
    expect((await cut(registry)).exit).toBe(0)
    await copyFile(join(registry, 'head.json'), join(restored, 'head.json'))
    const older = await cut(restored)
    expect(older).toMatchObject({ exit: 4, stdout: '', stderr: expect.stringContaining('[LOG_CORRUPT]') })
    expect(older.stderr).toContain('never sign a history that forgets what was published')
  })

  test('a folder of an earlier release says what to do; import brings every member over, once', async () => {
    const former = path('former')
    await cp(pathInRepository('fixtures/former-registry'), former, { recursive: true })
    await cp(join(registry, 'policies'), join(former, 'policies'), { recursive: true })
    const wanted = JSON.parse(await readFile(join(former, 'expected.json'), 'utf8')) as Former
    for (const command of [
      ['show'],
      ['rebuild'],
      ['export', '--to', path('x')],
      ['backup', '--to', path('x.db')],
    ]) {
      const [name = '', ...options] = command
      const told = await registrar(name, former, ...options)
      expect([name, told.exit, told.stdout]).toEqual([name, 4, ''])
      expect(told.stderr).toContain('[VERSION_UNKNOWN]')
      expect(told.stderr).toContain(`hint: registrar import ${former} brings it into the form of this one`)
    }
    const imported = await registrar('import', former, '--json')
    expect(imported).toMatchObject({
      exit: 0,
      stderr: expect.stringContaining('keep what is old until you trust'),
    })
    expect(JSON.parse(imported.stdout)).toEqual({ members: wanted.members, seq: wanted.seq })
    const shown = JSON.parse((await registrar('show', former, '--members', '--json')).stdout) as Shown
    expect(shown).toMatchObject({
      head: { seq: wanted.seq, size: wanted.size, root: wanted.root },
      refused_machines: wanted.refused_machines,
    })
    const removed = shown.members.filter(({ state }) => state === 'removed').map(({ number }) => number)
    expect(removed).toEqual(wanted.removed)
    const again = await registrar('import', former)
    expect(again).toMatchObject({ exit: 1, stderr: expect.stringContaining('[USAGE]') })
    const none = await registrar('import', registry)
    expect(none).toMatchObject({ exit: 1, stderr: expect.stringContaining('[FILE_NOT_FOUND]') })
  })

  test('uses no key that others can read', async () => {
    const key = join(registry, 'signer.key')
    await chmod(key, 0o644)
    const exposed = await registrar('head', registry, '--cut')
    await chmod(key, 0o600)
    expect(exposed).toMatchObject({ exit: 4, stderr: expect.stringContaining('[KEY_EXPOSED]') })
  })

  test.each<[readonly string[], number, string]>([
    [['--help'], 0, 'registrar serve registry/'],
    [['--version'], 0, manifest.version],
    [['admit'], 1, '[USAGE]'],
    [['nonce', 'x', '--credential', 'zz'], 1, '[USAGE]'],
    [['serve', 'x', '--port', '70000'], 1, '[USAGE]'],
    [['show', 'nowhere'], 1, '[FILE_NOT_FOUND]'],
    [['sync', 'nowhere', '--to', 'x'], 1, '[FILE_NOT_FOUND]'],
    [['sync', 'REGISTRY', '--to', '/dev/null/x'], 1, '[FILE_NOT_WRITTEN]'],
    [['export', 'REGISTRY', '--to', '/dev/null/x'], 1, '[FILE_NOT_WRITTEN]'],
    [['export', 'nowhere', '--to', 'x'], 1, '[FILE_NOT_FOUND]'],
    [['backup', '--help'], 0, 'a server may be running'],
    [['import', '--help'], 0, 'bring a registry of an earlier release'],
    [['backup', 'REGISTRY'], 1, '[USAGE]'],
    [['backup', 'nowhere', '--to', 'x'], 1, '[FILE_NOT_FOUND]'],
    [['backup', 'REGISTRY', '--to', '/dev/null/x'], 1, '[FILE_NOT_WRITTEN]'],
    [['backup', 'REGISTRY', '--to', 'no/folder/x'], 1, '[FILE_NOT_WRITTEN]'],
    [['import', 'nowhere'], 1, '[FILE_NOT_FOUND]'],
    [['show', '/dev/null/x'], 1, '[FILE_NOT_FOUND]'],
    [['import', 'x', '--store', 'mysql://x'], 1, '['],
    [['init', '/dev/null/x', '--policy', 'POLICY'], 1, '[FILE_NOT_WRITTEN]'],
  ])('%s ends with %i', async (args, exit, words) => {
    const places = new Map([
      ['REGISTRY', registry],
      ['POLICY', path('policy.json')],
    ])
    const run = await registrar(...args.map((arg) => places.get(arg) ?? arg))
    expect(run.exit).toBe(exit)
    expect(run.stdout + run.stderr).toContain(words)
  })
})
