import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { ACCEPTED, askFor, fakeAgent, isSignedBy, LineClient } from '@vouch/agent/testing/services'
import { openBackend } from '@vouch/circuits/node'
import { clock } from '@vouch/host/node'
import {
  decodeEnvelope,
  parseAnnouncement,
  parseAnswer,
  parseRequest,
  printAcceptance,
  printHead,
  printReply,
} from '@vouch/protocol'
import { proveResponse } from '@vouch/prover'
import { openWorld } from '@vouch/prover/testing/world'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest'
import { makeStory } from '../fixtures/story/story.js'
import { freePort } from '../scripts/program.js'
import { fencesIn, signaturesIn } from './support/markdown.js'
import { needs } from './support/needs.js'
import { parametersOf, programOf } from './support/programs.js'
import { respondTo } from './support/proven.js'
import {
  filesIn,
  programIn,
  programsIn,
  quickstarts,
  type ReadersFolder,
  readersFolder,
} from './support/quickstart.js'
import { readInRepository, repositoryFiles } from './support/repository.js'

// A quick start is the first thing that a reader copies: each is run here as it stands on its page, for real.

/** Page → what happens to its program. A page without one is a promise that nobody keeps. */
const SCENARIOS: Readonly<Record<string, (page: string, context: TestContext) => Promise<void>>> = {
  'docs/quickstart-alice.md': aliceConvincesBob,
  'docs/quickstart-service.md': serviceAnswers,
  'docs/quickstart-verifier.md': verifierAcceptsOnce,
}

test('every quick start is run', () => {
  expect(quickstarts()).toEqual(Object.keys(SCENARIOS).sort())
})

test.for(Object.entries(SCENARIOS))('%s does what it says', ([page, scenario], context) =>
  scenario(page, context),
)

/** What is said of them; imports are not counted. */
test.each([
  ['README.md', 0],
  ['docs/quickstart-alice.md', 0],
  ['docs/quickstart-verifier.md', 1],
])('%s keeps to ten lines', (page, block) => {
  const program = programsIn(readInRepository(page))[block] ?? ''
  const lines = program.split('\n').filter((line) => line !== '' && !line.startsWith('import '))
  expect(lines.length).toBeGreaterThan(5)
  expect(lines.length).toBeLessThanOrEqual(10)
})

const pages = repositoryFiles().filter((path) => path.endsWith('.md'))

describe('TypeScript on pages', () => {
  let folder: ReadersFolder
  let program: ts.Program
  const withPrograms = pages.filter((page) => programsIn(readInRepository(page)).length > 0)

  beforeAll(async () => {
    folder = await readersFolder()
    const entries = join(folder.path, 'entries.ts')
    await writeFile(entries, ENTRY_POINTS.map((name, i) => `export * as m${i} from '${name}'\n`).join(''))
    const files = await Promise.all(withPrograms.map((page) => folder.copy(page)))
    const written = pages.flatMap((page) => filesIn(readInRepository(page)))
    const scripts = written.map((_, i) => join(folder.path, `written-${i}.mjs`))
    await Promise.all(written.map((text, i) => writeFile(scripts[i] ?? '', text)))
    program = programOf([...files, ...scripts, entries])
  })
  afterAll(() => folder.remove())

  /** Under the project's own strictness, which may be stricter than a reader's. */
  test('has no type error, whatever the page', () => {
    expect(withPrograms).toEqual(expect.arrayContaining(['README.md', 'docs/evidence.md', ...quickstarts()]))
    const complaints = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
      const where = file === undefined ? '' : file.fileName.replace(folder.path, '')
      return `${where}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
    })
    expect(complaints).toEqual([])
  })

  test('stands where it is compiled, and nowhere else', () => {
    const kinds = ['', 'sh', 'ts', 'json', 'yaml', 'solidity']
    const others = pages.flatMap((page) =>
      fencesIn(readInRepository(page))
        .filter(
          ({ kind, text }) => !kinds.includes(kind) || (kind === '' && /^(import|const|await) /m.test(text)),
        )
        .map(({ kind }) => `${page}: ${kind}`),
    )
    expect(others).toEqual([])
  })

  test('names the parameters that functions have: those that may be left out are marked', () => {
    const functions = parametersOf(program, join(folder.path, 'entries.ts'))
    const named = pages.flatMap((page) =>
      signaturesIn(readInRepository(page)).map((one) => ({ page, ...one })),
    )
    const known = named.filter(({ page, name }) => !NOTATION.includes(page) && functions.has(name))
    expect(known.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['appraise', 'authenticate', 'inspect']),
    )
    const wrong = known.filter(({ name, parameters }) => !functions.get(name)?.includes(parameters))
    expect(wrong.map(({ page, name, parameters }) => `${page}: ${name}(${parameters})`)).toEqual([])
  })
})

/** Pages whose notation is that of mathematics. */
const NOTATION = ['docs/protocol.md', 'docs/circuits.md']

/** Where a reader imports from. */
const ENTRY_POINTS = ['', '/node'].flatMap((part) =>
  ['evidence', 'registry', 'prover', 'verifier', 'agent'].map((name) => `@vouch/${name}${part}`),
)

test('the reader of quick starts takes TypeScript, all of it, and nothing else', () => {
  const page = 'words\n```ts\nconst a = 1\n```\n```sh\nrm -r x\n```\nmore\n```ts\nconst b = 2\n```\n'
  expect(programIn(page)).toBe('const a = 1\n\nconst b = 2\n')
})

/** Bob: a client gets a Request, answers it, is accepted; and never twice for one answer. */
async function verifierAcceptsOnce(page: string): Promise<void> {
  const folder = await readersFolder()
  const backend = openBackend({ kind: 'native' })
  const story = makeStory(clock())
  await writeFile(join(folder.path, 'accept.json'), printAcceptance(story.acceptance))
  await mkdir(join(folder.path, 'registry'))
  await writeFile(join(folder.path, 'registry', 'head.json'), printHead(story.head))
  const port = await freePort()
  const bob = await folder.run(page, { PORT: `${port}` })
  try {
    await bob.firstLine()
    const url = `http://127.0.0.1:${port}/`
    const request = parseRequest(await (await fetch(url)).text())
    const [north] = story.machines
    const response = respondTo(request, north, 'echo', { time: clock(), payload: 'hello, Bob' })
    const { holding } = north
    const bundle = await proveResponse({ request, response, holding, leaves: story.leaves, backend })
    const answer = (body: string) => said(fetch(url, { method: 'POST', body }))
    const reply = printReply({ version: 2, request, bundle })
    expect(await answer(reply)).toEqual({ status: 200, text: expect.stringContaining('hello, Bob') })
    expect(await answer(reply)).toEqual({ status: 403, text: expect.stringContaining('CHALLENGE_USED') })
    const elsewhere = { ...request, verifierId: new Uint8Array(32) }
    const forged = printReply({ version: 2, request: elsewhere, bundle })
    expect(await answer(forged)).toEqual({ status: 403, text: expect.stringContaining('CHALLENGE_UNKNOWN') })
    expect(await answer('{')).toEqual({ status: 400, text: expect.stringContaining('JSON_MALFORMED') })
    const tooLong = await answer(' '.repeat(5_000_000)).catch(() => ({ status: 400 }))
    expect(tooLong.status).toBe(400)
    expect((await fetch(url)).status).toBe(200)
  } finally {
    await bob.stop()
    await backend.destroy()
    await folder.remove()
  }
}

/** Alice: she enrolls with a registrar, once, convinces the Bob of the other page, and says so when she refuses. */
async function aliceConvincesBob(page: string): Promise<void> {
  const world = await openWorld()
  const folder = await readersFolder()
  await world.crowd(16)
  await writeFile(join(folder.path, 'accept.json'), printAcceptance(world.acceptance()))
  await symlink(world.registry, join(folder.path, 'registry'))
  const port = await freePort()
  const bob = await folder.run('docs/quickstart-verifier.md', { PORT: `${port}` })
  await bob.firstLine()
  const line = await listenedTo(`http://127.0.0.1:${port}`)
  const cutting = setInterval(() => void world.registrar.registry.cutHead(), 500)
  const aliceEnds = async (expected: unknown[]): Promise<void> => {
    const alice = await folder.run(page, {
      VOUCH_HOME: join(world.folder, 'home'),
      AGENT_URL: world.guest.url,
      REGISTRAR_URL: world.registrarUrl,
      BOB_URL: line.url,
    })
    expect([await alice.ended(), alice.stdout, alice.stderr]).toEqual([...expected, ''])
    expect((await world.registrar.registry.counts()).admitted).toBe(16 + 1)
  }
  try {
    for (let run = 0; run < 2; run++) await aliceEnds([0, 'accepted: you said hello\n'])
    line.alter = (request) => request.replace(/"now":\d+/, '"now":1795243080')
    const refused = /^not accepted \(400\): VouchError: .+\n$/
    await aliceEnds([3, expect.stringMatching(refused)])
    const asked = { method: 'GET', status: 200, text: expect.stringContaining('challenge') }
    const answered = { method: 'POST', status: 200, text: expect.stringContaining('hello') }
    const unanswered = { method: 'POST', status: 400, text: expect.stringContaining('failures') }
    expect(line.heard).toEqual([asked, answered, asked, answered, asked, unanswered])
  } finally {
    clearInterval(cutting)
    line.close()
    await bob.stop()
    await folder.remove()
    await world.close()
  }
}

interface Exchange {
  readonly method: string
  readonly status: number
  readonly text: string
}

interface Line {
  readonly url: string
  readonly heard: Exchange[]
  /** What becomes of an answer to GET on its way. */
  alter: (text: string) => string
  readonly close: () => void
}

/** Passes on what is asked of a server, and notes what it answers. */
async function listenedTo(url: string): Promise<Line> {
  const port = await freePort()
  const server = createServer(async (incoming, outgoing) => {
    const { method = '' } = incoming
    let body = ''
    for await (const part of incoming) body += part
    const answer = await said(fetch(url + incoming.url, { method, ...(method === 'POST' ? { body } : {}) }))
    line.heard.push({ method, ...answer })
    outgoing.writeHead(answer.status).end(method === 'GET' ? line.alter(answer.text) : answer.text)
  })
  server.listen(port, '127.0.0.1')
  const close = (): void => void server.close()
  const line: Line = { url: `http://127.0.0.1:${port}`, heard: [], alter: (text) => text, close }
  return line
}

const said = async (answer: Promise<Response>): Promise<{ status: number; text: string }> => {
  const response = await answer
  return { status: response.status, text: await response.text() }
}

/** A service: it announces its key, and signs what it says. */
async function serviceAnswers(page: string, context: TestContext): Promise<void> {
  needs.sharedMemory(context) // it insists that its key lie in memory
  const folder = await readersFolder('/dev/shm')
  const agent = await fakeAgent(join(folder.path, 'announce'), () => ACCEPTED)
  const port = await freePort()
  const service = await folder.run(page, { RUNTIME_DIRECTORY: folder.path, PORT: `${port}` })
  try {
    await service.firstLine()
    const { publicKey } = parseAnnouncement(agent.heard[0] ?? '')
    const client = new LineClient(`tcp://127.0.0.1:${port}`)
    const answer = parseAnswer((await client.exchange(askFor('EUR'))) ?? '')
    client.socket.destroy()
    expect(isSignedBy(answer, publicKey, 'sha256')).toBe(true)
    const payload = new TextDecoder().decode(decodeEnvelope(answer.envelope).payload)
    expect(readInRepository(page)).toContain(payload)
    expect(await service.stop()).toBe(0)
  } finally {
    await service.stop()
    await agent.close()
    await folder.remove()
  }
}
