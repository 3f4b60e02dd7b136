import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { printAdmissionPolicy } from '@vouch/evidence'
import {
  type ErrorCode,
  fieldToBytes,
  parseBundle,
  parseCredential,
  printDraft,
  printReceipt,
  printRequest,
  type Request,
  toHex,
} from '@vouch/protocol'
import { credentialOf } from '@vouch/prover'
import { startFront } from '@vouch/prover/testing/front'
import { answerTo } from '@vouch/prover/testing/guest'
import { openWorld, SHOP, type World } from '@vouch/prover/testing/world'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { nodeArguments, Program } from '../../../scripts/program.js'
import { type Run, run as runWords } from '../../testing/bob.js'

// `alice` as a process: arguments, files, streams and exit status, against a real registrar.

const SOURCES = {
  alice: new URL('../../node/alice/alice.ts', import.meta.url).pathname,
  registrar: new URL('../../node/registrar/registrar.ts', import.meta.url).pathname,
}

const run = (program: keyof typeof SOURCES, ...args: readonly string[]): Promise<Run> =>
  runWords([...nodeArguments(SOURCES[program]), ...args])

let world: World
let home: string
const path = (name: string): string => join(world.folder, name)
const alice = (...args: readonly string[]): Promise<Run> => run('alice', '--home', home, ...args)

beforeAll(async () => {
  world = await openWorld()
  home = path('home')
  await world.crowd(20)
  await writeFile(path('policy.json'), printAdmissionPolicy(world.policy))
})
afterAll(() => world.close())
afterEach(() => {
  world.guest.lies = {}
})

async function asked(request: Request = world.ask()): Promise<string> {
  const file = path(`request-${toHex(request.challenge).slice(0, 8)}.json`)
  await writeFile(file, printRequest(request))
  return file
}

const secrets = async (): Promise<readonly string[]> => {
  const folder = join(home, 'credentials')
  const files = await readdir(folder)
  const read = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  return read.map((text) => toHex(fieldToBytes(parseCredential(text).holderSecret)))
}

async function expectNoSecretIn({ stdout, stderr }: Run): Promise<void> {
  for (const secret of await secrets()) expect(stdout + stderr).not.toContain(secret.slice(0, 32))
}

function codeIn({ stdout }: Run): ErrorCode {
  return (JSON.parse(stdout) as { error: { code: ErrorCode } }).error.code
}

const missing = (file: string): Promise<boolean> =>
  stat(file).then(
    () => false,
    () => true,
  )

describe('alice', () => {
  test('enrolls, waits for the next head, proves, and Bob accepts', async () => {
    const urls = ['--agent', world.guest.url, '--registrar', world.registrarUrl]
    const enrolled = await run('alice', '--home', home, 'enroll', ...urls, '--name', 'mine')
    expect(enrolled).toMatchObject({ exit: 0, stdout: expect.stringContaining('credential  mine') })
    expect(enrolled.stderr).toMatch(/judging its evidence: \d+ ms/)
    expect(enrolled.stderr).toContain('simulated')
    await expectNoSecretIn(enrolled)
    expect(await readdir(join(home, 'drafts'))).toEqual([])

    const file = await asked()
    const proving = (request: string, out: string, ...more: string[]) =>
      alice(
        ...['prove', '--request', request, '--verifier', SHOP, '--credential', 'mine', '--out', path(out)],
        ...['--service', 'echo', '--message', 'hello', ...more],
      )
    const early = await proving(file, 'early.json', '--json')
    expect(early.exit).toBe(4)
    expect(['CREDENTIAL_UNPUBLISHED', 'LEAF_MISSING']).toContain(codeIn(early))
    expect(await missing(path('early.json'))).toBe(true)
    await world.registrar.registry.cutHead()

    const request = world.ask()
    const unsynced = await proving(await asked(request), 'early.json', '--json')
    expect({ exit: unsynced.exit, code: codeIn(unsynced) }).toEqual({ exit: 3, code: 'ROOT_NOT_ACCEPTED' })
    expect(unsynced.stderr).toContain('alice sync')
    expect(await alice('sync')).toMatchObject({ exit: 0, stdout: expect.stringContaining('published') })
    const proven = await proving(await asked(request), 'bundle.json')
    expect(proven).toMatchObject({ exit: 0, stdout: expect.stringContaining('"you said hello"') })
    expect(proven.stderr).toContain('you hide among 20 live leaves of others')
    expect(proven.stderr).toContain('20 live of others, 1 of yours')
    expect(proven.stderr).toContain(world.policy.name)
    await expectNoSecretIn(proven)
    const bundle = parseBundle(await readFile(path('bundle.json')))
    expect(await world.judge(bundle, request)).toMatchObject({ accepted: true })
  })

  test('refuses with a status and a code, and writes nothing', async () => {
    const request = world.ask()
    const [only] = world.guest.guest.services
    const cases: readonly (readonly [Request, readonly string[], ErrorCode])[] = [
      [{ ...request, root: 5n }, [], 'ROOT_NOT_ACCEPTED'],
      [request, ['--min-set', '1000'], 'SET_TOO_SMALL'],
      [{ ...request, services: [only?.drv ?? new Uint8Array(32)] }, [], 'TOO_FEW_SERVICES'],
      [world.ask({ context: new Uint8Array(32).fill(1) }), [], 'CONTEXT_NOT_AGREED'],
      [{ ...request, now: request.now - 660 }, [], 'REQUEST_TOO_OLD'],
      [{ ...request, now: request.now + 240 }, [], 'REQUEST_FROM_FUTURE'],
    ]
    const heard = world.guest.heard.length
    for (const [given, more, code] of cases) {
      const out = path('refused.json')
      const refused = await alice(
        ...[
          'prove',
          '--request',
          await asked(given),
          '--verifier',
          SHOP,
          '--credential',
          'mine',
          '--out',
          out,
          '--json',
        ],
        ...['--service', 'echo', '--message', 'hello', ...more],
      )
      expect({ exit: refused.exit, code: codeIn(refused) }).toEqual({ exit: 3, code })
      expect(await missing(out)).toBe(true)
      await expectNoSecretIn(refused)
    }
    expect(world.guest.heard).toHaveLength(heard)
  })

  test('refuses a now that is on no whole minute, which no honest Request has: it might name her', async () => {
    const odd = path('odd.json')
    const { now } = world.ask()
    await writeFile(odd, printRequest(world.ask()).replace(`"now":${now}`, `"now":${now + 1}`))
    const heard = world.guest.heard.length
    const asking = ['--service', 'echo', '--message', 'hello', '--out', path('odd-bundle.json'), '--json']
    const refused = await alice(
      'prove',
      '--request',
      odd,
      '--verifier',
      SHOP,
      '--credential',
      'mine',
      ...asking,
    )
    expect({ exit: refused.exit, code: codeIn(refused) }).toEqual({ exit: 4, code: 'VALUE_OUT_OF_RANGE' })
    expect(refused.stderr).toContain('now')
    expect(world.guest.heard).toHaveLength(heard)
  })

  test.each([
    ['in a folder that is not there', () => path('no/where.json')],
    ['where a folder is', () => world.folder],
    ['where nobody may write', () => '/proc/bundle.json'],
  ])('asks nobody when the bundle would be %s', async (_, out) => {
    const heard = world.guest.heard.length
    const args = [
      'prove',
      '--request',
      await asked(),
      '--verifier',
      SHOP,
      '--credential',
      'mine',
      '--out',
      out(),
    ]
    const lost = await alice(...args, '--service', 'echo', '--message', 'hello', '--json')
    expect({ exit: lost.exit, code: codeIn(lost) }).toEqual({ exit: 1, code: 'FILE_NOT_WRITTEN' })
    expect(world.guest.heard).toHaveLength(heard)
  })

  test('answers within a context once she agrees, and not twice unawares', async () => {
    const context = new Uint8Array(32).fill(0xcc)
    const proving = async (...more: string[]) =>
      alice(
        ...[
          'prove',
          '--request',
          await asked(world.ask({ context })),
          '--verifier',
          SHOP,
          '--credential',
          'mine',
          '--json',
        ],
        ...['--out', path('context.json'), '--service', 'oracle', '--message', 'hello', ...more],
      )
    const agreed = await proving('--allow-context', toHex(context))
    expect(agreed).toMatchObject({ exit: 0, stderr: expect.stringContaining('are linked') })
    const again = await proving()
    expect({ exit: again.exit, code: codeIn(again) }).toEqual({ exit: 3, code: 'SCOPE_USED' })
    expect((await proving('--again')).exit).toBe(0)
  })

  test('proves what a service of her own has signed, from a copy that any mirror gave', async () => {
    const request = world.ask()
    const ask = {
      version: 2,
      clientNonce: request.challenge,
      salt: new Uint8Array(32),
      message: new Uint8Array(),
    } as const
    const { envelope, signature } = answerTo(ask, 'oracle')
    await writeFile(path('envelope.bin'), envelope)
    const proving = async (out: string) =>
      alice(
        ...[
          'prove',
          '--request',
          await asked(request),
          '--verifier',
          SHOP,
          '--credential',
          join(home, 'credentials/mine.json'),
        ],
        ...['--envelope', path('envelope.bin'), '--signature', toHex(signature), '--out', path(out)],
      )
    const synced = await run('registrar', 'sync', world.registrarUrl, '--to', path('copy'))
    expect(synced.exit).toBe(0)
    expect((await alice('sync', '--registry', path('copy'))).exit).toBe(0)
    expect((await alice('sync')).exit).toBe(0) // from there again: it was kept
    const proven = await proving('own.json')
    expect(proven.exit).toBe(0)
    const bundle = parseBundle(await readFile(path('own.json')))
    expect(await world.judge(bundle, request)).toMatchObject({ accepted: true })
    const [registry = ''] = await readdir(join(home, 'registries'))
    const reading = await readFile(join(home, 'registries', registry, 'reading.json'), 'utf8')
    expect(JSON.parse(reading)).toEqual({ version: 1, mirror: pathToFileURL(path('copy')).href })
    const documents = await readFile(join(home, 'registries', registry, 'policies.json'), 'utf8')
    expect(documents).toContain(world.policy.name)
    expect((await alice('sync', '--registry', 'http://127.0.0.1:9', '--json')).exit).toBe(4)
    expect((await alice('sync')).exit).toBe(0) // what does not answer takes no other's place
    expect((await alice('sync', '--registry', world.registrarUrl)).exit).toBe(0)
  })

  test('enrolls by files with a registrar that does not answer', async () => {
    const exported = path('public')
    await run('registrar', 'sync', world.registrarUrl, '--to', exported)
    const begun = await alice(
      ...['enroll', '--agent', world.guest.url, '--registry', exported, '--policy', path('policy.json')],
      ...['--nonce-request', path('ask.json')],
    )
    expect(begun.exit).toBe(0)
    const credential = begun.stdout.trim()
    expect(JSON.parse(await readFile(path('ask.json'), 'utf8'))).toEqual({ version: 1, credential })
    const ticket = await run('registrar', 'nonce', world.registry, '--credential', credential)
    await writeFile(path('ticket.json'), ticket.stdout)
    const attested = await alice(
      'enroll',
      '--ticket',
      path('ticket.json'),
      '--enrollment',
      path('enrollment.json'),
    )
    expect(attested.exit).toBe(0)
    const admission = await world.registrar.admit(await readFile(path('enrollment.json')), 'by hand')
    if (!admission.admitted) throw new Error(admission.failures.map(({ code }) => code).join())
    await writeFile(path('receipt.json'), printReceipt(admission.receipt))
    const finished = await alice('enroll', '--receipt', path('receipt.json'), '--name', 'by-hand', '--json')
    expect(JSON.parse(finished.stdout)).toMatchObject({
      name: 'by-hand',
      services: expect.arrayContaining(['echo']),
    })
    await expectNoSecretIn(finished)
    expect(await readdir(join(home, 'drafts'))).toEqual([])
    const renewed = await alice('credential', 'renew', 'by-hand', '--json')
    expect({ exit: renewed.exit, code: codeIn(renewed) }).toEqual({ exit: 1, code: 'USAGE' })
    const { registryId, signer } = world.head()
    const pinned = `--nonce-request FILE --registry-id ${toHex(registryId)} --signer ${toHex(signer)}`
    expect(renewed.stderr).toContain(pinned)
  })

  test('finds what was admitted though its receipt went missing', async () => {
    const urls = ['--agent', world.guest.url, '--registrar', world.registrarUrl]
    const before = await readdir(join(home, 'credentials'))
    const enrolled = await alice('enroll', ...urls, '--name', 'lost')
    expect(enrolled.exit).toBe(0)
    const lost = parseCredential(await readFile(join(home, 'credentials/lost.json')))
    const name = toHex(fieldToBytes(credentialOf(lost))).slice(0, 16)
    await writeFile(join(home, 'drafts', `${name}.json`), printDraft(lost), { mode: 0o600 })
    expect((await alice('credential', 'forget', 'lost')).exit).toBe(0)
    expect(await readdir(join(home, 'credentials'))).toEqual(before)
    await world.registrar.registry.cutHead()
    const synced = await alice('sync', '--json', '--registry', world.registrarUrl)
    expect(synced).toMatchObject({ exit: 0, stderr: expect.stringContaining('admitted after all') })
    expect(await readdir(join(home, 'credentials'))).toContain(`${name}.json`)
  })

  test('lists, shows, renews and forgets credentials', async () => {
    const listed = await alice('credential', 'list', '--json')
    expect(JSON.parse(listed.stdout)).toContainEqual(
      expect.objectContaining({ name: 'mine', state: 'published' }),
    )
    const shown = await alice('credential', 'show', 'mine')
    expect(shown.stdout).toContain(world.guest.url)
    await expectNoSecretIn(shown)
    const renewed = await alice('credential', 'renew', 'mine', '--name', 'newer')
    expect(renewed).toMatchObject({ exit: 0, stderr: expect.stringContaining('mine stays') })
    expect(new Set(await secrets()).size).toBe((await secrets()).length)
    expect((await alice('credential', 'forget', 'newer')).exit).toBe(0)
    expect((await alice('credential', 'show', 'newer')).exit).toBe(1)
    expect((await alice('credential', 'list')).stdout).toMatch(/^mine +published/m)
  })

  test.each<[string, readonly string[]]>([
    ['enroll', ['--name', 'mine']],
    ['enroll', ['--name', 'a b']],
    ['credential renew mine', ['--name', 'mine']],
    ['credential renew mine', ['--name', '../mine']],
  ])('%s %j asks nobody, and loses no credential', async (command, more) => {
    const file = join(home, 'credentials/mine.json')
    const [before, names] = [await readFile(file, 'utf8'), await readdir(join(home, 'credentials'))]
    const heard = world.guest.heard.length
    const urls = command === 'enroll' ? ['--agent', world.guest.url, '--registrar', world.registrarUrl] : []
    const refused = await alice(...command.split(' '), ...urls, ...more, '--json')
    expect({ exit: refused.exit, code: codeIn(refused) }).toEqual({ exit: 1, code: 'USAGE' })
    expect(world.guest.heard).toHaveLength(heard)
    expect(await readFile(file, 'utf8')).toBe(before)
    expect(await readdir(join(home, 'credentials'))).toEqual(names)
  })

  test('is not led to another signer, unless she is told that there is one', async () => {
    const other = '02'.repeat(33)
    const led = await alice('sync', '--signer', other, '--registry', world.registrarUrl, '--json')
    expect({ exit: led.exit, code: codeIn(led) }).toEqual({ exit: 3, code: 'SIGNER_NOT_ACCEPTED' })
    const signer = toHex(world.head().signer)
    expect((await alice('sync', '--signer', signer, '--registry', world.registrarUrl)).exit).toBe(0)
  })

  test('syncs on a clock of her own until she is interrupted, and goes on where a mirror fails', async () => {
    const front = await startFront(world.registrarUrl)
    const command = [...nodeArguments(SOURCES.alice), '--home', home, 'sync', '--every', '1s', '--json']
    const syncing = new Program([...command, '--registry', front.url])
    const lines = (): Record<string, unknown>[] =>
      syncing.stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line).registries[0])
    const until = async (holds: (line: Record<string, unknown>) => boolean): Promise<void> => {
      while (!lines().some(holds)) await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await syncing.firstLine()
    front.down = true
    await until((line) => line.error !== undefined)
    const { error, since } = lines().find((line) => line.error !== undefined) ?? {}
    expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE' })
    expect(Math.abs(Number(since) - Date.now() / 1000)).toBeLessThan(60)
    expect(syncing.stderr).toMatch(/was not synced, since \d{4}-.*\[REGISTRY_UNREACHABLE\]/)
    front.down = false
    await world.crowd(1)
    await until((line) => line.seq === world.head().seq)
    expect(await syncing.stop()).toBe(0)
    expect(syncing.stderr).toContain('interrupted')
    await front.close()
    const whole = 'GET /head.json GET /leaves.json GET /policies.json GET /leaves/0'
    for (const round of front.heard.join(' ').split(/ (?=GET \/head)/))
      expect(whole.startsWith(round)).toBe(true)
    expect((await alice('sync', '--registry', world.registrarUrl)).exit).toBe(0)
  })

  test.each([
    ['--every', 'often'],
    ['--every', '0'],
    ['--every', '2d'],
    ['--every', '5m', '--credential', 'mine'],
    ['--every', '5m', '--signer', '02'.repeat(33)],
  ])('takes no clock that is none: %j', async (...words) => {
    const refused = await alice('sync', ...words, '--json')
    expect({ exit: refused.exit, code: codeIn(refused) }).toEqual({ exit: 1, code: 'USAGE' })
  })

  test('tells of a credential that cannot be read in a row of its own, and syncs the others', async () => {
    const file = join(home, 'credentials/broken.json')
    await writeFile(file, '{', { mode: 0o600 })
    const listed = await alice('credential', 'list', '--json')
    const synced = await alice('sync', '--json', '--registry', world.registrarUrl)
    await rm(file)
    const rows = [
      expect.objectContaining({ name: 'mine', state: 'published' }),
      { name: 'broken', error: expect.objectContaining({ code: 'JSON_MALFORMED' }) },
    ]
    expect([listed.exit, synced.exit]).toEqual([4, 4])
    expect(JSON.parse(listed.stdout)).toEqual(expect.arrayContaining(rows))
    expect(JSON.parse(synced.stdout)).toMatchObject({
      registries: [{ seq: world.head().seq }],
      credentials: expect.arrayContaining(rows),
    })
  })

  test('uses no credential that others can read', async () => {
    await chmod(join(home, 'credentials/mine.json'), 0o644)
    const exposed = await alice('credential', 'show', 'mine', '--json')
    await chmod(join(home, 'credentials/mine.json'), 0o600)
    expect({ exit: exposed.exit, code: codeIn(exposed) }).toEqual({ exit: 4, code: 'KEY_EXPOSED' })
  })

  test('an agent that lies, is slow to die or is not there costs nothing', async () => {
    world.guest.lies = { report: { reportData: new Uint8Array(64) } }
    const before = await readdir(join(home, 'drafts'))
    const enrolling = ['enroll', '--registrar', world.registrarUrl, '--json', '--agent']
    const lied = await alice(...enrolling, world.guest.url)
    expect({ exit: lied.exit, code: codeIn(lied) }).toEqual({ exit: 2, code: 'REPORT_DATA_MISMATCH' })
    const gone = await alice(...enrolling, 'http://127.0.0.1:9')
    expect({ exit: gone.exit, code: codeIn(gone) }).toEqual({ exit: 4, code: 'AGENT_UNREACHABLE' })
    expect(await readdir(join(home, 'drafts'))).toEqual(before)
  })

  test('knows her reference string', async () => {
    const srs = await alice('srs', '--json')
    expect(JSON.parse(srs.stdout)).toMatchObject({
      embedded: 50_000,
      circuits: expect.arrayContaining([expect.objectContaining({ name: 'respond', fits: true })]),
    })
    await mkdir(path('chunks'))
    await writeFile(path('chunks/g1-0000.chunk'), 'not the ceremony')
    const wrong = await alice('srs', '--points', '60000', '--chunks', path('chunks'), '--json')
    expect({ exit: wrong.exit, code: codeIn(wrong) }).toEqual({ exit: 4, code: 'SRS_CORRUPT' })
    const none = await alice('srs', '--points', '60000', '--json')
    expect({ exit: none.exit, code: codeIn(none) }).toEqual({ exit: 4, code: 'SRS_UNAVAILABLE' })
  })

  test.each<[readonly string[], number, string]>([
    [['--help'], 0, 'alice prove --request'],
    [['enroll', '--help'], 0, 'registrar admit'],
    [['enroll'], 1, '[USAGE]'],
    [['enroll', '--registrar', 'http://127.0.0.1:9'], 1, '--agent must be given'],
    [['enroll', '--receipt', 'a', '--ticket', 'b'], 1, '[USAGE]'],
    [['prove'], 1, '[USAGE]'],
    [['prove', '--request', 'nowhere', '--credential', 'x', '--out', 'y'], 1, '[USAGE]'],
    [['credential', 'show', 'nobody'], 1, '[CREDENTIAL_UNKNOWN]'],
    [['credential', 'forget', '../mine'], 1, '[USAGE]'],
    [['srs', '--points', 'x'], 1, '[USAGE]'],
  ])('%j ends with %i', async (args, exit, words) => {
    const ended = await alice(...args)
    expect(ended.exit).toBe(exit)
    expect(ended.stdout + ended.stderr).toContain(words)
  })
})
