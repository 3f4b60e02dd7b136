import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { type RunningServer, startServer, TlsIdentity } from '@vouch/host/http'
import { type Issued, type TestAuthority, testAuthority } from '@vouch/host/testing/certificates'
import { VouchError } from '@vouch/protocol'
import { REGISTRAR_LIMITS } from '@vouch/registry/node'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { type NodeService, nodeSiteOf } from '../node/trust/http.js'
import { mutualPeers, type PeerOptions } from '../node/trust/peer-server.js'
import { type Collecting, collectSignatures } from '../node/trust/peers.js'
import { PROPOSAL } from './support/peers.js'

// Trust nodes that know one another by their certificates, and others who would be asked or ask.

let authority: TestAuthority
const issued = new Map<string, Issued>()
beforeEach((context) => {
  needs.openssl(context)
  authority ??= testAuthority()
})

function pair(name: string): Issued {
  const known = issued.get(name) ?? authority.issue(name)
  issued.set(name, known)
  return known
}

const out = { program: 'registrar', data: () => undefined, words: () => undefined }

/** A node that judges nothing, and says by a code that it was asked. */
const NODE: NodeService = {
  nonce: () => Promise.reject(new Error('not in this test')),
  admit: () => Promise.reject(new Error('not in this test')),
  endorse: () => Promise.reject(new VouchError('MACHINE_REFUSED', { rule: 'asked' })),
  policies: () => [],
  unready: async () => [],
  noteRefusal: () => Promise.resolve(),
}

async function peersOf({ cert, key }: Issued, change: Partial<PeerOptions> = {}): Promise<RunningServer> {
  const options = {
    peersListen: '127.0.0.1:0',
    tlsClientCa: authority.root,
    tlsCert: cert,
    tlsKey: key,
    ...change,
  }
  const mutual = await mutualPeers(out, options)
  const server = await mutual?.serve(NODE, {})
  if (server === undefined) throw new Error('an address was named')
  onTestFinished(() => server.close(0))
  return server
}

/** Asks a peer as a node does, and answers with why there is no signature. */
async function asking(url: string, shown: Issued | undefined): Promise<string> {
  const files = shown && { ...shown, clientCa: authority.root }
  const tls = files && (await TlsIdentity.open(files, () => undefined))
  const given = { peers: [url], own: [], needed: 1, timeoutMs: 5_000, proposal: PROPOSAL, tls }
  const error = await collectSignatures(given as unknown as Collecting).catch((caught: unknown) => caught)
  return error instanceof VouchError ? String(error.given) : 'signed'
}

function status(url: string, shown: Issued | undefined, method = 'POST'): Promise<number | undefined> {
  const own = shown && { cert: readFileSync(shown.cert), key: readFileSync(shown.key) }
  const headers = { 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const options = { ...own, ca: authority.rootPem, agent: false, method, headers } as const
    const sending = request(url, options, (response) => resolve(response.resume().statusCode))
    sending.on('error', reject).end(method === 'POST' ? '{' : undefined)
  })
}

describe('a node whose peers have certificates', () => {
  test('is asked by them: each shows its own, and looks at that of the other', async () => {
    const { url } = await peersOf(pair('first'))
    expect(await asking(url, pair('second'))).toContain('MACHINE_REFUSED')
  })

  test('answers no client without a certificate, or with one of another authority', async () => {
    const { url } = await peersOf(pair('first'))
    const stranger = testAuthority().issue('stranger')
    expect(await status(`${url}/admissions`, pair('second'))).toBe(400)
    await expect(status(`${url}/admissions`, undefined)).rejects.toThrow()
    await expect(status(`${url}/admissions`, stranger)).rejects.toThrow()
    expect(await asking(url, undefined)).toContain('no answer')
  })

  test('asks none that has a certificate of another authority', async () => {
    const other = testAuthority()
    const { url } = await peersOf(other.issue('first'), { tlsClientCa: authority.root })
    expect(await asking(url, pair('second'))).toContain('no answer')
  })

  test('signs for them at their address alone', async () => {
    const { url } = await peersOf(pair('first'))
    expect(await status(`${url}/policies.json`, pair('second'), 'GET')).toBe(404)
    const limits = REGISTRAR_LIMITS
    const statuses = []
    for (const peersApart of [false, true]) {
      const open = await startServer(nodeSiteOf(NODE, peersApart), { host: '127.0.0.1', port: 0 }, limits)
      onTestFinished(() => open.close(0))
      const headers = { 'content-type': 'application/json' }
      statuses.push((await fetch(`${open.url}/admissions`, { method: 'POST', headers, body: '{' })).status)
      const { paths } = (await (await fetch(`${open.url}/openapi.json`)).json()) as { paths: object }
      expect('/admissions' in paths).toBe(!peersApart)
    }
    expect(statuses).toEqual([400, 404])
  })

  test('starts with all that this needs, or with nothing of it', async () => {
    expect(await mutualPeers(out, { tlsCert: 'a', tlsKey: 'b' })).toBeUndefined()
    const all = { peersListen: '127.0.0.1:0', tlsClientCa: authority.root, tlsCert: 'a', tlsKey: 'b' }
    for (const missing of Object.keys(all))
      await expect(mutualPeers(out, { ...all, [missing]: undefined })).rejects.toMatchObject({
        code: 'USAGE',
      })
  })
})
