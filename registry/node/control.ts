import { randomBytes } from 'node:crypto'
import { chmod, lstat, rename, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, request } from 'node:http'
import { dirname, join, relative } from 'node:path'
import {
  jsonAnswer,
  postMutual,
  readBody,
  refusalOf,
  sendAnswer,
  TlsIdentity,
  type TlsOptions,
} from '@vouch/host/http'
import {
  type ErrorCode,
  EXIT_OF,
  type Failure,
  shown,
  unanswered,
  VouchError,
  whyUnanswered,
} from '@vouch/protocol'
import type { Registrar } from './open-registrar.js'
import {
  MAX_ORDER_BYTES,
  type Order,
  type Outcome,
  parseOrder,
  parseOutcome,
  printOrder,
  printOutcome,
} from './orders.js'

// The operator's way to a registrar that serves: a unix socket in its folder. The folder is closed to everybody but its
// owner, and that is all the protection there is: who can reach the socket could as well write to the log.

const MAX_ANSWER_BYTES = 65_536
const PATIENCE_MS = 60_000

/** Longest path of a socket; where a system takes more, a shorter one works too. */
const MAX_PATH_BYTES = 103

/** Where the socket is, by the shorter of its names. */
function socketPath(folder: string): string | undefined {
  const whole = join(folder, 'control.sock')
  const names = [whole, relative(process.cwd(), whole)].sort((a, b) => a.length - b.length)
  return names.find((name) => Buffer.byteLength(name) <= MAX_PATH_BYTES)
}

export interface Listening {
  close(): Promise<void>
}

/** Takes orders until it is closed; `undefined` when the folder's path is too long for a socket. */
export async function takeOrders(folder: string, registrar: Registrar): Promise<Listening | undefined> {
  const path = socketPath(folder)
  if (path === undefined) return undefined
  const server = createServer(async (incoming, response) => {
    try {
      const order = parseOrder(await readBody(incoming, MAX_ORDER_BYTES))
      sendAnswer(response, jsonAnswer(printOutcome(await registrar.carryOut(order))), { isLast: true })
    } catch (error) {
      sendAnswer(response, refusalOf(error), { isLast: true })
    }
  })
  // Made under another name, no longer than its own, which the system takes away when the server closes. Under its own name, a server that
  // lost its place to another would take that one's socket away.
  const draft = join(dirname(path), `.sock-${randomBytes(3).toString('hex')}`)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(draft, resolve))
  await chmod(draft, 0o600)
  const { ino } = await lstat(draft)
  await rename(draft, path) // in the place of one that a killed server left: this process is the folder's one writer
  return {
    close: async () => {
      await new Promise<void>((resolve) => server.close(() => resolve()))
      const there = await lstat(path).catch(() => undefined)
      if (there?.ino === ino) await rm(path, { force: true })
    },
  }
}

/**
 * Hands an order to the registrar that serves this folder, or to the one at an https address; `undefined` when none serves the folder. From
 * afar, the operator shows a certificate.
 */
export async function handOver(
  place: string,
  order: Order,
  identity: TlsOptions = {},
): Promise<Outcome | undefined> {
  if (place.startsWith('https://')) return handOverAfar(place, order, identity)
  const path = socketPath(place)
  const answer = path === undefined ? undefined : await post(path, printOrder(order))
  if (answer === undefined) return undefined
  return outcomeIn(answer.statusCode === 200, await readBody(answer, MAX_ANSWER_BYTES))
}

async function handOverAfar(url: string, order: Order, { tlsCert, tlsKey }: TlsOptions): Promise<Outcome> {
  if (tlsCert === undefined || tlsKey === undefined)
    throw new VouchError('USAGE', {
      rule: 'an order from afar needs --tls-cert and --tls-key: those of the operator',
    })
  const tls = await TlsIdentity.open({ cert: tlsCert, key: tlsKey }, () => undefined)
  const ask = {
    body: printOrder(order),
    signal: AbortSignal.timeout(PATIENCE_MS),
    limit: MAX_ANSWER_BYTES,
  }
  const answer = await postMutual(new URL('/orders', url).href, tls, ask).catch((cause: unknown) => {
    throw unanswered({
      code: 'REGISTRY_UNREACHABLE',
      who: 'the registrar',
      where: url,
      why: whyUnanswered(cause),
      hint: 'registrar audit says whether the order was carried out; a certificate that it does not know ends the connection',
      cause,
    })
  })
  return outcomeIn(answer.ok, new Uint8Array(await answer.arrayBuffer()))
}

/** What came of an order, or why it was refused. */
function outcomeIn(isDone: boolean, body: Uint8Array): Outcome {
  if (isDone) return parseOutcome(body)
  const [failure] = (JSON.parse(new TextDecoder().decode(body)) as { failures: readonly Failure[] }).failures
  throw new VouchError(codeOf(failure), failure ?? { rule: 'the registrar must say why it refuses' })
}

function post(path: string, body: string): Promise<IncomingMessage | undefined> {
  return new Promise((resolve, reject) => {
    const sending = request({ socketPath: path, method: 'POST', timeout: PATIENCE_MS }, resolve)
    sending.on('timeout', () => sending.destroy(new Error('no answer')))
    sending.on('error', (cause) => {
      if ('code' in cause && (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED'))
        return resolve(undefined)
      const explanation = {
        rule: 'the registrar that serves this folder must answer',
        given: shown(cause.message),
        hint: 'registrar audit says whether the order was carried out',
      }
      reject(new VouchError('REGISTRY_UNREACHABLE', explanation, { cause }))
    })
    sending.end(body)
  })
}

const codeOf = (failure: Failure | undefined): ErrorCode =>
  failure !== undefined && failure.code in EXIT_OF ? failure.code : 'INTERNAL'
