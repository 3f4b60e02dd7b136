import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openBackend } from '@vouch/circuits/node'
import { clock } from '@vouch/host/node'
import { fieldToBytes, type Head, parseHead, parseTicket, printEnrollment, toHex } from '@vouch/protocol'
import { readRegistry } from '@vouch/registry/node'
import { newChip, newClient, newRegistry, testPolicy } from '@vouch/registry/testing/enrolling'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { registrar, served } from '../../testing/registrar.js'

// `registrar` as a process whose clock is wrong.

const HOUR = 3600
const YEARS = 9 * 365 * 24 * HOUR
const policy = testPolicy()
const backend = openBackend({ kind: 'native' })
let scratch: string
let offset: string

/** What runs then has a clock that is off by so many seconds. */
const setClock = (seconds: number): Promise<void> => writeFile(offset, String(seconds))
const moved = () => ({ preload: './moved-clock.mjs', env: { MOVED_CLOCK: offset } })

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vouch-clock-'))
  offset = join(scratch, 'offset')
})
afterAll(async () => {
  await backend.destroy()
  await rm(scratch, { recursive: true, force: true })
})

/** A registry of its own for one test, whose first head is of the true time. */
async function own(): Promise<string> {
  const folder = await newRegistry(policy)
  onTestFinished(() => rm(dirname(folder), { recursive: true, force: true }))
  return folder
}

/** How many records the registry has. */
const recordsOf = (folder: string): Promise<number> =>
  readRegistry(folder, { now: clock }, async (registry) => {
    let count = 0
    for await (const _ of registry.records()) count++
    return count
  })

const headOf = async (folder: string): Promise<Head> => parseHead(await readFile(join(folder, 'head.json')))
const readiness = (url: string): Promise<unknown> => fetch(`${url}/ready`).then((answer) => answer.json())

const MACHINE = 'ab'.repeat(32)
const SIGNING: readonly [string, readonly string[]][] = [
  ['serve', ['--port', '0']],
  ['head', ['--cut', '--force']],
  ['remove', ['--machine', MACHINE, '--reason', 'a test']],
]

describe('a clock 25 hours ahead of the newest head', () => {
  test.each(SIGNING)('keeps %s from signing, with status 4; confirmed, it signs', async (command, args) => {
    const folder = await own()
    const before = await recordsOf(folder)
    await setClock(25 * HOUR)
    const refused = await registrar([command, folder, ...args], moved())
    expect(refused).toMatchObject({ exit: 4, stdout: '', stderr: expect.stringContaining('[CLOCK_AHEAD]') })
    expect(refused.stderr).toContain('--time-is-right')
    expect(await recordsOf(folder)).toEqual(before)
    const confirmed = [command, folder, ...args, '--time-is-right']
    if (command === 'serve') await served(confirmed, moved())
    else expect(await registrar(confirmed, moved())).toMatchObject({ exit: 0 })
    expect((await headOf(folder)).seq).toBe(1)
  })

  test.each([
    [['--clock-ahead', '26'], 25],
    [[], 23],
  ])('lets head sign with %j after %i hours', async (words, hours) => {
    const folder = await own()
    await setClock(hours * HOUR)
    expect(await registrar(['head', folder, '--cut', '--force', ...words], moved())).toMatchObject({
      exit: 0,
    })
  })
})

test('show warns of a clock far ahead of the newest head, and of a head from the future', async () => {
  const folder = await own()
  expect((await registrar(['show', folder])).stderr).toBe('')
  await setClock(25 * HOUR)
  const late = await registrar(['show', folder], moved())
  expect(late).toMatchObject({ exit: 0, stderr: expect.stringContaining('--time-is-right') })
  await registrar(['head', folder, '--cut', '--force', '--time-is-right'], moved())
  const future = await registrar(['show', folder, '--json'])
  expect(future).toMatchObject({ exit: 0, stderr: expect.stringContaining('A head from the future') })
})

test('a clock that is set two days forward while a server runs is told of, signs nothing, and signs again once it is right', async () => {
  const folder = await own()
  await setClock(0)
  const server = await served(['serve', folder, '--port', '0', '--cut-every', '1'], moved())
  await expect
    .poll(() => readiness(server.url), { timeout: 30_000, interval: 500 })
    .toEqual({ status: 'ready' })
  const { seq } = await headOf(folder)
  await setClock(48 * HOUR)
  await expect
    .poll(() => server.program.stderr, { timeout: 30_000 })
    .toMatch(
      /"level":"warn"[^\n]*the clock was set forward by 172\d{3} s[\s\S]*no head could be cut: .*\[CLOCK_AHEAD\]/,
    )
  const codes = async (): Promise<unknown> => {
    const { failures = [] } = (await readiness(server.url)) as { failures?: { code: string }[] }
    return failures.map(({ code }) => code)
  }
  await expect.poll(codes, { timeout: 30_000, interval: 500 }).toEqual(['CLOCK_AHEAD', 'HEAD_TOO_OLD'])
  const args = ['remove', folder, '--machine', MACHINE, '--reason', 'a test']
  expect(await registrar(args)).toMatchObject({ exit: 4, stderr: expect.stringContaining('[CLOCK_AHEAD]') })
  expect((await headOf(folder)).seq).toBe(seq)
  await setClock(0)
  expect(await registrar(args)).toMatchObject({ exit: 0 })
  expect((await headOf(folder)).time).toBeLessThan(clock() + 60)
  expect(server.program.stderr).toContain('set back by 172')
})

describe('a registry whose newest head is from the future', () => {
  test('by hours goes on with the same copies once the time has come', async () => {
    const folder = await own()
    await setClock(20 * HOUR)
    await registrar(['head', folder, '--cut', '--force'], moved())
    const { time } = await headOf(folder)
    const copy = join(dirname(folder), 'copy')
    await registrar(['export', folder, '--to', copy])
    await registrar(['head', folder, '--cut', '--force'])
    expect((await headOf(folder)).time).toBe(time) // never back
    await setClock(21 * HOUR)
    await registrar(['head', folder, '--cut', '--force'], moved())
    expect((await headOf(folder)).time).toBeGreaterThan(time)
    expect((await registrar(['export', folder, '--to', copy])).exit).toBe(0)
  })

  test('by years is followed by a new one, with the same key, policies and refused machines', async () => {
    const old = await own()
    const [copy, next] = [join(dirname(old), 'copy'), join(dirname(old), 'next')]
    const machine = toHex(new Uint8Array(randomBytes(32)))
    await registrar(['remove', old, '--machine', machine, '--reason', 'broken into'])
    await setClock(YEARS)
    await registrar(['head', old, '--cut', '--force', '--time-is-right'], moved())
    await registrar(['export', old, '--to', copy])

    // docs/operators.md, "A head from the future"
    await mkdir(next, { mode: 0o700 })
    await copyFile(join(old, 'signer.key'), join(next, 'signer.key'))
    const policies = (await readdir(join(old, 'policies'))).map((name) => join(old, 'policies', name))
    const made = await registrar(['init', next, '--policy', ...policies])
    expect(made).toMatchObject({ exit: 0, stderr: expect.stringMatching(/the first head is of 20\d\d-/) })
    const { refused_machines } = JSON.parse((await registrar(['show', old, '--json'])).stdout) as {
      refused_machines: readonly string[]
    }
    expect(refused_machines).toEqual([machine])
    for (const one of refused_machines)
      expect(await registrar(['remove', next, '--machine', one, '--reason', 'as before'])).toMatchObject({
        exit: 0,
      })

    const shown = await registrar(['show', next, '--json'])
    expect(JSON.parse(shown.stdout)).toMatchObject({
      refused_machines: [machine],
      signer: toHex((await headOf(old)).signer),
    })
    expect(shown.stderr).toBe('')
    const client = newClient(backend, policy, newChip())
    const ticket = parseTicket(
      (await registrar(['nonce', next, '--credential', toHex(fieldToBytes(client.credential))])).stdout,
    )
    const file = join(dirname(old), 'enrollment.json')
    await writeFile(file, printEnrollment(await client.enroll(ticket)))
    expect(await registrar(['admit', next, file])).toMatchObject({ exit: 0 })
    const head = parseHead((await registrar(['head', next, '--cut'])).stdout)
    expect(Math.abs(head.time - clock())).toBeLessThan(60)
    const elsewhere = join(dirname(old), 'public')
    expect(await registrar(['export', next, '--to', elsewhere])).toMatchObject({ exit: 0 })
    // A copy of the old one takes nothing for its continuation; who names the new one makes a copy anew.
    const sync = (to: string) =>
      registrar(['sync', elsewhere, '--to', to, '--registry', toHex(head.registryId)])
    expect(await sync(copy)).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining('[REGISTRY_NOT_ACCEPTED]'),
    })
    expect(await sync(join(dirname(old), 'anew'))).toMatchObject({ exit: 0 })
  })
})
