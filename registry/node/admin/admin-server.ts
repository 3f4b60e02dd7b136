import {
  hostAndPort,
  jsonAnswer,
  type Limits,
  type ListeningPlace,
  PROMETHEUS_TEXT,
  type Routes,
  type RunningServer,
  startServer,
  TlsIdentity,
  type TlsOptions,
} from '@vouch/host/http'
import type { Terminal } from '@vouch/host/node'
import { headCodec, plain, VouchError } from '@vouch/protocol'
import type { Registrar } from '../open-registrar.js'
import { MAX_ORDER_BYTES, type Order, parseOrder, printOutcome } from '../orders.js'
import { clientWith, type Role, type Roles, readRoles } from './roles.js'

/** Where operators are served from afar, who issues their certificates, and what each may do. */
export interface AdminOptions {
  readonly adminListen?: string
  readonly tlsClientCa?: string
  readonly roles?: string
}

/** The same, as commands show it. */
export const ADMIN_OPTIONS = [
  [
    '--admin-listen <address>',
    'take orders there, as host:port, from clients with certificates (default: nowhere)',
  ],
  ['--tls-client-ca <file>', 'the roots of those certificates, in PEM'],
  ['--roles <file>', 'what each certificate may do, in YAML: view, admit, remove'],
] as const

const RATE = { burst: 30, perSecond: 2 }

/** A few operators, on an address that they alone should reach. A stranger ends at the handshake, and has a place until then. */
const ADMIN_LIMITS: Limits = {
  writes: RATE,
  reads: RATE,
  concurrent: 4,
  connections: 32,
  perAddress: 8,
  headersMs: 5_000,
  requestMs: 10_000,
  responseMs: 60_000,
  checkMs: 1_000,
}

interface Admin {
  readonly registrar: Registrar
  readonly meter: ListeningPlace['meter']
  /** As the file has them now: who was taken off it a moment ago has no role. */
  readonly roles: () => Promise<Roles>
}

/** The role that an order needs. */
const ROLE_OF: Readonly<Record<Order['action'], Role>> = { remove: 'remove', ban: 'remove', readmit: 'admit' }

const ADMIN_ROUTES: Routes<Admin> = {
  '/status': {
    method: 'GET',
    path: /^\/status$/,
    bodyLimit: 0,
    pages: false,
    answer: async ({ registrar, roles }, { certificate }) => {
      clientWith(await roles(), 'view', certificate)
      const [head, unready] = [await registrar.head(), await registrar.unready()]
      const body = { head: plain(headCodec.toJson(head)), unready: unready.map(({ code }) => code) }
      return { ...jsonAnswer(JSON.stringify(body)), caching: 'nothing' }
    },
  },
  '/metrics': {
    method: 'GET',
    path: /^\/metrics$/,
    bodyLimit: 0,
    pages: false,
    answer: async ({ meter, roles }, { certificate }) => {
      clientWith(await roles(), 'view', certificate)
      return { status: 200, type: PROMETHEUS_TEXT, body: (await meter?.text()) ?? '', caching: 'nothing' }
    },
  },
  '/orders': {
    method: 'POST',
    path: /^\/orders$/,
    bodyLimit: MAX_ORDER_BYTES,
    pages: false,
    answer: async ({ registrar, roles }, { body, certificate }) => {
      const order = parseOrder(body)
      const name = clientWith(await roles(), ROLE_OF[order.action], certificate)
      return jsonAnswer(printOutcome(await registrar.carryOut(order, `${name}, certificate ${certificate}`)))
    },
  },
}

/**
 * Serves operators from afar, where that is asked for: the orders of the socket in the folder, over TLS with certificates on both sides. It is
 * an address of its own, so that the browser of no visitor of the registrar is asked for a certificate.
 */
export async function serveAdmin(
  out: Terminal,
  registrar: Registrar,
  { meter }: Pick<ListeningPlace, 'meter'>,
  { adminListen, tlsClientCa, roles, tlsCert, tlsKey }: AdminOptions & TlsOptions,
): Promise<RunningServer | undefined> {
  const needed = [tlsClientCa, roles]
  if (adminListen === undefined && needed.every((one) => one === undefined)) return undefined
  if (
    adminListen === undefined ||
    tlsClientCa === undefined ||
    roles === undefined ||
    tlsCert === undefined ||
    tlsKey === undefined
  ) {
    throw new VouchError('USAGE', {
      rule: '--admin-listen, --tls-client-ca and --roles are given all or none, and with --tls-cert and --tls-key',
    })
  }
  await readRoles(roles) // a file that cannot be read keeps the server from starting
  const say = (said: string): void => out.words(`${out.program}: ${said}`)
  const tls = await TlsIdentity.open({ cert: tlsCert, key: tlsKey, clientCa: tlsClientCa }, say)
  const service: Admin = { registrar, meter, roles: () => readRoles(roles) }
  const noteRefusal = registrar.noteRefusal
  const place = { ...hostAndPort(adminListen, '--admin-listen'), tls, origins: [] }
  const server = await startServer({ routes: ADMIN_ROUTES, service, noteRefusal }, place, ADMIN_LIMITS)
  say(`takes orders at ${server.url}`)
  return server
}
