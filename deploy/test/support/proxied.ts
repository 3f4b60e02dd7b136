import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { printAdmissionPolicy } from '@vouch/evidence'
import { testPolicy } from '@vouch/registry/testing/enrolling'
import { type Commands, installedCommands, urlOf } from '../../../fixtures/story/commands.js'
import { freePort } from '../../../scripts/program.js'

// What stands behind a proxy: a registrar and a service, as they are installed, each behind a recorder of what reaches it.

/** What reached a program behind the proxy. */
export interface Arrival {
  readonly method: string
  readonly url: string
  readonly from: string | undefined
}

interface Recorder {
  readonly port: number
  readonly arrivals: Arrival[]
  close(): void
}

export interface Backends {
  readonly registrar: Recorder
  readonly service: Recorder
  /** The registrar's folder. */
  readonly folder: string
  stop(): Promise<void>
}

export const policy = testPolicy()

export async function startBackends(folder: string): Promise<Backends> {
  const commands = installedCommands()
  const registry = join(folder, 'registry')
  await writeFile(join(folder, 'policy.json'), printAdmissionPolicy(policy))
  await commands.mustCall('registrar', 'init', registry, '--policy', join(folder, 'policy.json'))
  const serving = ['--port', '0', '--cut-every', '1', '--behind-proxy', '--json']
  const registrar = await recorderBefore(
    await urlOf(commands.start('registrar', 'serve', registry, ...serving)),
  )
  const service = await recorderBefore(await startEcho(commands, folder))
  const stop = async (): Promise<void> => {
    registrar.close()
    service.close()
    await commands.stopAll()
  }
  return { registrar, service, folder: registry, stop }
}

async function startEcho({ start }: Commands, folder: string): Promise<string> {
  const place = `127.0.0.1:${await freePort()}`
  const key = ['--key', join(folder, 'echo.key'), '--key-anywhere']
  start('vouch-echo', '--profile', 'sha256', ...key, '--http', place, '--behind-proxy', 'loopback')
  await untilAnswered(`http://${place}/`)
  return `http://${place}`
}

/** Waits until a server takes connections there. */
export async function untilAnswered(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  for (let left = 200; left > 0; left--) {
    const socket = connect(Number(port), hostname)
    const isThere = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (isThere) return
    await wait(50)
  }
  throw new Error(`nothing answers at ${url}`)
}

/** Passes on what arrives, and notes it. */
async function recorderBefore(url: string): Promise<Recorder> {
  const arrivals: Arrival[] = []
  const server = createServer((asked, answer) => {
    const { method = '', url: path = '', headers } = asked
    arrivals.push({ method, url: path, from: headers['x-forwarded-for']?.toString() })
    const onward = plainRequest(url, { method, path, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 0, response.headers)
      response.pipe(answer)
    })
    onward.on('error', () => answer.destroy())
    asked.pipe(onward)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = (): void => {
    server.closeAllConnections()
    server.close()
  }
  return { port: (server.address() as AddressInfo).port, arrivals, close }
}

export interface Asking {
  readonly method?: 'GET' | 'POST'
  readonly body?: string
  /** The address on loopback that the client has. */
  readonly as?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answered {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** A way in: a URL, and the authority that its certificate leads to. */
export interface Entry {
  readonly url: string
  readonly ca?: string
}

/** A request whose path goes as it is written. Its body may come later. */
export function begin({ url, ca }: Entry, path: string, { method = 'GET', as, headers = {} }: Asking) {
  const { protocol, hostname, port } = new URL(url)
  const options = { hostname, port, method, path, headers, agent: false, localAddress: as ?? '127.0.0.1' }
  return protocol === 'https:' ? tlsRequest({ ...options, ca }) : plainRequest(options)
}

export async function ask(entry: Entry, path: string, asking: Asking = {}): Promise<Answered> {
  const { body } = asking
  const length = body === undefined ? {} : { 'content-length': `${Buffer.byteLength(body)}` }
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  const method = asking.method ?? (body === undefined ? 'GET' : 'POST')
  const request = begin(entry, path, {
    ...asking,
    method,
    headers: { ...length, ...type, ...asking.headers },
  })
  request.end(body)
  return answerOf(request)
}

export async function answerOf(request: ReturnType<typeof begin>): Promise<Answered> {
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const parts: Buffer[] = []
  for await (const part of response as AsyncIterable<Buffer>) parts.push(part)
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }
}
