import { randomBytes } from 'node:crypto'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { SimulatedMachine, SimulatedReport } from '@vouch/evidence/simulated'
import {
  type Answer,
  type Ask,
  type Attestation,
  askHash,
  auxOf,
  buildServiceTree,
  CLOCK_STEP,
  compareBytes,
  encodeEnvelope,
  evidenceInOrder,
  type Guest,
  type ListedService,
  PROFILES,
  parseAsk,
  parseAttestationRequest,
  printAnswer,
  printAttestation,
  printGuest,
  reportData,
} from '@vouch/protocol'
import { openSimulatedVendor } from '../../fixtures/simulated-vendor/index.js'
import { makeStory } from '../../fixtures/story/story.js'

// A guest that says what a test has it say: agent and services in one process, over real sockets. It is the adversary. What
// an honest one says is made by the very functions by which the real ones make it.

const [north] = makeStory(1_800_000_000).machines
const MEASUREMENT = new Uint8Array(48).fill(0x4d)
const vendor = openSimulatedVendor()

/** What is otherwise than an honest guest has it. */
export interface Lies {
  readonly guest?: (honest: Guest) => Guest
  readonly attestation?: (honest: Attestation) => Attestation | Promise<Attestation>
  readonly machine?: Partial<SimulatedMachine>
  readonly report?: Partial<SimulatedReport>
  /** The nonce that the evidence is made for. */
  readonly nonce?: Uint8Array
  readonly answer?: (honest: Answer, ask: Ask) => Answer
  /** What goes over the wire instead of an answer; nothing at all for `silence`. */
  readonly wire?: 'silence' | 'hang up' | 'half' | 'garbage' | 'flood' | 'refusal'
}

export interface TestGuest {
  readonly url: string
  readonly guest: Guest
  /** Everything that names the machine, as bytes: no bundle may hold any of it. */
  readonly evidence: Uint8Array[]
  /** Signatures that its services gave. */
  readonly signatures: Uint8Array[]
  /** What was asked of agent and services, in order. */
  readonly heard: string[]
  lies: Lies
  close(): Promise<void>
}

export const signAs = (name: 'echo' | 'oracle', envelope: Uint8Array): Uint8Array =>
  secp256k1.sign(PROFILES.sha256.digest(envelope), north.secretKeys[name], { prehash: false })

export const nowSeconds = (): number => Math.floor(Date.now() / 1000)

/** A clock's time as a service puts it into an envelope. */
export const floored = (time: number): number => time - (time % CLOCK_STEP)

/** What a service answers to an ask: its message, with words around it. */
export function answerTo(
  ask: Ask,
  name: 'echo' | 'oracle',
  changes: { readonly time?: number } = {},
): Answer {
  const said = `you said ${new TextDecoder().decode(ask.message)}`
  const envelope = encodeEnvelope({
    clientNonce: ask.clientNonce,
    time: changes.time ?? ask.now ?? floored(nowSeconds()),
    askHash: askHash(ask.salt, ask.message),
    payload: new TextEncoder().encode(said),
  })
  return { version: 1, envelope, signature: signAs(name, envelope) }
}

export async function startGuest(chipId = new Uint8Array(randomBytes(64))): Promise<TestGuest> {
  const heard: string[] = []
  const evidence: Uint8Array[] = []
  const signatures: Uint8Array[] = []
  const state: { lies: Lies } = { lies: {} }

  const answered = (ask: Ask, name: 'echo' | 'oracle'): string => {
    const honest = answerTo(ask, name)
    const given = state.lies.answer?.(honest, ask) ?? honest
    signatures.push(given.signature)
    return printAnswer(given)
  }

  const http = createHttpServer((request, response) => {
    void handle(request, response).catch((error: unknown) => {
      response.statusCode = 500
      response.end(String(error))
    })
  })
  const tcp = createTcpServer((socket) =>
    byLine(socket, (line) => {
      heard.push('tcp')
      if (state.lies.wire === undefined) socket.end(`${answered(parseAsk(line), 'oracle')}\n`)
      else misbehaveByLine(state.lies.wire, socket)
    }),
  )
  const [httpPort, tcpPort] = [await listening(http), await listening(tcp)]
  const url = `http://127.0.0.1:${httpPort}`
  const guest = guestAt(`${url}/echo`, `tcp://127.0.0.1:${tcpPort}`)

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    heard.push(`${request.method} ${request.url}`)
    const body = await bodyOf(request)
    const { lies } = state
    if (lies.wire !== undefined) return misbehave(lies.wire, response)
    response.setHeader('content-type', 'application/json')
    if (request.url === '/info') response.end(printGuest(lies.guest?.(guest) ?? guest))
    else if (request.url === '/attestation') response.end(await attested(body))
    else response.end(answered(parseAsk(body), 'echo'))
  }

  async function attested(body: string): Promise<string> {
    const { lies } = state
    const { nonce } = parseAttestationRequest(body)
    const gpuDigest = new Uint8Array(32)
    const { osImageHash, smtRoot } = guest
    const bound = reportData(osImageHash, smtRoot, auxOf(gpuDigest, lies.nonce ?? nonce))
    const files = await vendor.attest(
      { chipId, ...lies.machine },
      { reportData: bound, measurement: MEASUREMENT, ...lies.report },
    )
    const honest: Attestation = {
      version: 1,
      nonce,
      osImageHash,
      gpuDigest,
      smtRoot,
      reportData: bound,
      evidence: evidenceInOrder(files.map(({ bytes }) => bytes)),
    }
    evidence.push(...honest.evidence, bound)
    return printAttestation((await lies.attestation?.(honest)) ?? honest)
  }

  return {
    url,
    guest,
    evidence,
    signatures,
    heard,
    get lies() {
      return state.lies
    },
    set lies(lies) {
      state.lies = lies
    },
    close: async () => {
      http.closeAllConnections()
      await Promise.all([http, tcp].map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}

function guestAt(echo: string, oracle: string): Guest {
  const listed: readonly ListedService[] = [
    { ...north.services.echo, name: 'echo', profile: 'sha256', endpoint: echo },
    { ...north.services.oracle, name: 'oracle', profile: 'sha256', endpoint: oracle },
  ]
  const services = [...listed].sort((a, b) => compareBytes(a.drv, b.drv))
  const smtRoot = buildServiceTree(services).root
  return { version: 1, provider: 'simulated', osImageHash: north.osImageHash, smtRoot, services }
}

const REFUSED = JSON.stringify({ failures: [{ code: 'BUSY', exit: 4, rule: 'one \u001b[2J at a time' }] })

function misbehave(how: NonNullable<Lies['wire']>, response: ServerResponse): void {
  if (how === 'hang up') response.destroy()
  if (how === 'garbage') response.end('{"version":')
  if (how === 'flood') response.end('x'.repeat(5 * 1024 * 1024))
  if (how === 'refusal') {
    response.statusCode = 503
    response.end(REFUSED)
  }
  if (how === 'half') {
    response.setHeader('content-length', '1000')
    response.write('{"version":1')
  }
}

function misbehaveByLine(how: NonNullable<Lies['wire']>, socket: Socket): void {
  if (how === 'hang up') socket.destroy()
  if (how === 'garbage') socket.end('{"version":\n')
  if (how === 'flood') socket.end('x'.repeat(5 * 1024 * 1024))
  if (how === 'refusal') socket.end(`${REFUSED}\n`)
  if (how === 'half') socket.end('{"version":1')
}

function byLine(socket: Socket, hear: (line: string) => void): void {
  let text = ''
  socket.on('error', () => undefined)
  socket.on('data', (part) => {
    text += part.toString()
    if (!text.includes('\n')) return
    hear(text.slice(0, text.indexOf('\n')))
  })
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const part of request) body += part
  return body
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  )
}
