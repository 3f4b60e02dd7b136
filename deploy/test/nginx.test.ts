import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { testAuthority } from '@vouch/host/testing/certificates'
import { describe, expect, test } from 'vitest'
import { freePort } from '../../scripts/program.js'
import { needs } from '../../test/support/needs.js'
import { type Answered, answerOf, ask, type Backends, begin, type Entry } from './support/proxied.js'
import { admitOne, itStandsBefore, type ReverseProxy, sceneOf } from './support/proxy-suite.js'
import { startWithoutRights } from './support/unprivileged.js'

const NGINX = fileURLToPath(new URL('../nginx', import.meta.url))

/** nginx with the files of deploy/, by names and ports of a test, as a user without rights. */
async function startNginx(
  folder: string,
  behind: Backends,
): Promise<ReverseProxy & { readonly teller: Entry }> {
  const own = join(folder, 'nginx')
  await mkdir(join(own, 'cache'), { recursive: true })
  const ports = { registrar: await freePort(), service: await freePort(), teller: await freePort() }
  const authority = testAuthority(own)
  const { cert, key } = authority.issue('proxy')
  const listen = (port: number): string => `listen 127.0.0.1:${port} ssl http2;`
  const written = (await readFile(join(NGINX, 'vouch.conf'), 'utf8'))
    .replace(/^ *listen \[::\].*\n/gm, '')
    .replaceAll('/etc/nginx/snippets/', `${own}/`)
    .replaceAll('/var/cache/nginx/', `${own}/cache/`)
    .replaceAll(/\/etc\/ssl\/vouch\/\w+\.pem/g, cert)
    .replaceAll(/\/etc\/ssl\/vouch\/\w+\.key/g, key)
    .replace('listen 443 ssl http2;', listen(ports.registrar))
    .replace('listen 443 ssl http2;', listen(ports.service))
    .replace('127.0.0.1:8787', `127.0.0.1:${behind.registrar.port}`)
    .replace('127.0.0.1:7002', `127.0.0.1:${behind.service.port}`)
  await writeFile(join(own, 'vouch.conf'), written)
  const snippet = await readFile(join(NGINX, 'vouch-proxy.conf'), 'utf8')
  await writeFile(join(own, 'vouch-proxy.conf'), snippet.replaceAll('/var/log/nginx/', `${own}/`))
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${own}/${name};`,
  )
  // What stands for a client, said to a test that claims to be one.
  const telling = [
    'access_log off;',
    'set_real_ip_from 127.0.0.1;',
    'real_ip_header X-Claimed;',
    'return 200 $vouch_client;',
  ]
  const teller = ['server {', `listen 127.0.0.1:${ports.teller};`, ...telling, '}']
  const main = ['daemon off;', `pid ${own}/pid;`, 'events { worker_connections 512; }']
  await writeFile(
    join(own, 'nginx.conf'),
    [...main, 'http {', ...places, `include ${own}/vouch.conf;`, ...teller, '}'].join('\n'),
  )
  const command = ['nginx', '-e', join(own, 'error.log'), '-p', own, '-c', join(own, 'nginx.conf')]
  const stop = await startWithoutRights(own, command, ports.registrar)
  return { stop, ...entries(ports, authority.rootPem) }
}

const entries = (ports: Readonly<Record<'registrar' | 'service' | 'teller', number>>, ca: string) => ({
  registrar: { url: `https://127.0.0.1:${ports.registrar}`, ca },
  service: { url: `https://127.0.0.1:${ports.service}`, ca },
  teller: { url: `http://127.0.0.1:${ports.teller}` },
})

/** Asks until the proxy refuses: what came before takes its time to arrive. */
async function untilRefused(asking: () => Promise<Answered>): Promise<Answered> {
  for (;;) {
    const answer = await asking()
    if (answer.status !== 200) return answer
    await wait(20)
  }
}

const scene = sceneOf((context) => {
  needs.nginx(context)
  needs.openssl(context)
}, startNginx)

describe('nginx', () => {
  itStandsBefore(scene)

  test('keeps buckets that their addresses name, and nothing else', async (context) => {
    const { proxy, behind } = await scene(context)
    const bucket = await admitOne(proxy)
    const arrived = (path: string): number =>
      behind.registrar.arrivals.filter(({ method, url }) => method === 'GET' && url === path).length
    const first = await ask(proxy.registrar, bucket)
    const { etag = '' } = first.headers
    const before = arrived(bucket)
    expect((await ask(proxy.registrar, bucket)).body).toEqual(first.body)
    expect((await ask(proxy.registrar, bucket, { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect(arrived(bucket)).toBe(before)
    for (const path of [
      '/leaves/0',
      '/leaves.json',
      '/head.json',
      '/heads',
      `/leaves/0?root=${'00'.repeat(32)}`,
    ]) {
      const asked = arrived(path)
      for (let n = 0; n < 2; n++) await ask(proxy.registrar, path)
      expect(arrived(path), path).toBe(asked + 2)
    }
  })

  test('lets one client hold 32 connections, and lets others in', async (context) => {
    const { proxy, behind } = await scene(context)
    const slow = {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': '2' },
    } as const
    const held = Array.from({ length: 32 }, () =>
      begin(proxy.registrar, '/nonce', { ...slow, as: '127.0.0.11' }),
    )
    for (const request of held) request.write('{')
    const refused = await untilRefused(() => ask(proxy.registrar, '/head.json', { as: '127.0.0.11' }))
    expect(refused.headers['retry-after']).toBe('5')
    expect(JSON.parse(refused.body.toString()).failures).toEqual([
      { code: 'RATE_LIMITED', exit: 4, rule: expect.stringContaining('must not') },
    ])
    expect((await ask(proxy.registrar, '/head.json', { as: '127.0.0.12' })).status).toBe(200)
    const arrived = behind.registrar.arrivals.filter(({ from }) => from === '127.0.0.11')
    expect(arrived.filter(({ method }) => method === 'POST')).toEqual([])
    for (const request of held) request.end('}')
    const answers = await Promise.all(held.map(answerOf))
    // Of what was held the registrar judges what it lets one client write at once, which is less.
    expect(answers.filter(({ status }) => status === 400).length).toBeGreaterThan(20)
  })

  test('counts an IPv4 address as a client, and of IPv6 a network', async (context) => {
    const { proxy } = await scene(context)
    const clientOf = async (address: string): Promise<string> =>
      (await ask(proxy.teller, '/', { headers: { 'x-claimed': address } })).body.toString('hex')
    expect(await clientOf('203.0.113.7')).toBe('cb007107')
    expect(await clientOf('2001:db8:1:2:3:4:5:6')).toBe('20010db800010002')
    expect(await clientOf('2001:db8:1:2::a')).toBe('20010db800010002')
    expect(await clientOf('2001:db8:a0a:d0d:0a:0a:0a:0a')).toBe('20010db80a0a0d0d')
    expect(await clientOf('2001:db8::1')).toBe('20010db800000000')
  })

  test('logs no address, and nothing that stands behind a question mark', async (context) => {
    const { proxy, folder } = await scene(context)
    await ask(proxy.registrar, `/leaves/0?root=${'77'.repeat(32)}`, { as: '127.0.0.13' })
    const log = await readFile(join(folder, 'nginx/vouch.log'), 'utf8')
    expect(log).toContain(' GET /leaves/0 ')
    expect(log).not.toMatch(/127\.0\.0\.|7777/)
  })
})
