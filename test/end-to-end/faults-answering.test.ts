import { join } from 'node:path'
import { fieldToBytes, parseAsk, toHex } from '@vouch/protocol'
import { credentialOf } from '@vouch/prover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Case, dropped, expectEnd, LIMIT, late, stalled, UNREADABLE } from '../support/faults.js'
import {
  between,
  credentialIn,
  endpointOf,
  enrollBoth,
  filesBelow,
  halfWritten,
  homeWith,
  isThere,
  type Live,
  proveWords,
  startLive,
} from '../support/live.js'
import { shop } from '../support/proven.js'

// Asking services over lines that fail: no bundle, or a whole one.

let live: Live
let home: string
const path = (name: string): string => join(live.folder, name)

beforeAll(async () => {
  live = await startLive()
  home = path('alice')
  await enrollBoth(live, home)
}, LIMIT)
afterAll(() => live.close())

let runs = 0
const newHome = (): string => path(`home-${runs++}`)

describe.concurrent.each([
  ['echo', 'TCP'],
  ['oracle', 'HTTP'],
] as const)('between Alice and %s, over %s', (service, wire) => {
  const GONE = ['SERVICE_UNREACHABLE'] as const
  const at = wire === 'TCP' ? 0 : 160 // a response's headers come first
  test.each<Case>([
    ['drops', dropped, GONE],
    ['drops within the answer', { kind: 'drop', after: at + 100 }, GONE],
    ['is cut short', { kind: 'truncate', after: at + 100 }, GONE],
    ['stalls', stalled, GONE],
    ['stalls within the answer', { kind: 'stall', after: at + 100 }, GONE],
    [
      'turns a bit of the answer',
      { kind: 'corrupt', at: at + 250 },
      ['SIGNATURE_FALSE', 'NONCE_MISMATCH', 'ASK_MISMATCH', ...UNREADABLE],
    ],
    ['loses the question', { kind: 'drop', after: 0, towards: 'server' }, GONE],
    ['is slow', late, [undefined]],
  ])(
    'a line that %s: no bundle that is not whole, and the Request can still be answered',
    async (_, fault, codes) => {
      const { commands, accept, registry } = live
      const proxy = await between(await endpointOf(home, service), fault)
      const own = await homeWith(home, newHome(), service, proxy.url)
      const request = path(`request-${runs++}.json`)
      await commands.call(
        ...(['bob', 'request', '--accept', accept, '--registry', registry.url] as const),
        ...['--verifier', 'https://shop.example', '--out', request],
      )
      const out = `${own}-bundle.json`
      const ended = await commands.call(
        'alice',
        ...proveWords(own, request, shop),
        ...['--service', service, '--message', 'hello', '--min-set', '1'],
        ...['--out', out, '--json'],
      )
      await proxy.close()
      expectEnd(ended, codes)
      expect(await isThere(out)).toBe(ended.exit === 0)
      expect(await filesBelow(join(own, 'ledger'))).toHaveLength(ended.exit === 0 ? 1 : 0)
      expect(await halfWritten(own)).toEqual([])
      const heard = Buffer.concat(proxy.said.client).toString('latin1')
      const [asked = ''] = /\{.*\}/.exec(heard) ?? []
      // All that a service is told is in an ask: there is no room in it for who asks.
      if (fault.towards === undefined) expect(new TextDecoder().decode(parseAsk(asked).message)).toBe('hello')
      expect(heard).not.toContain(toHex(fieldToBytes(credentialOf(await credentialIn(own, 'north')))))
    },
    LIMIT,
  )
})

describe.concurrent('between Alice, who proves, and the agent', () => {
  const GONE = ['AGENT_UNREACHABLE'] as const
  test.each<Case>([
    ['drops', dropped, GONE],
    ['is cut short', { kind: 'truncate', after: 500 }, GONE],
    ['stalls', stalled, GONE],
    ['stalls within the answer', { kind: 'stall', after: 500 }, GONE],
    ['turns a bit', { kind: 'corrupt', at: 500 }, ['SERVICE_TREE_FALSE', 'KEY_MALFORMED', ...UNREADABLE]],
    ['loses the question', { kind: 'drop', after: 0, towards: 'server' }, GONE],
    ['is slow', late, [undefined]],
  ])(
    'a line that %s: no service is asked and the Request is not used up, or the bundle is whole',
    async (_, fault, codes) => {
      const { commands, accept, registry, north } = live
      const toService = await between(await endpointOf(home, 'echo'))
      const own = await homeWith(home, newHome(), 'echo', toService.url)
      const request = path(`request-${runs++}.json`)
      const asking = [
        '--accept',
        accept,
        '--registry',
        registry.url,
        '--verifier',
        'https://shop.example',
      ] as const
      await commands.mustCall('bob', 'request', ...asking, '--out', request)
      const proxy = await between(north, fault)
      const out = `${own}-bundle.json`
      const ended = await commands.call(
        'alice',
        ...proveWords(own, request, shop),
        ...['--agent', proxy.url, '--service', 'echo', '--message', 'hello', '--min-set', '1'],
        ...['--out', out, '--json'],
      )
      await Promise.all([proxy.close(), toService.close()])
      expectEnd(ended, codes)
      expect(await isThere(out)).toBe(ended.exit === 0)
      expect(await filesBelow(join(own, 'ledger'))).toHaveLength(ended.exit === 0 ? 1 : 0)
      if (ended.exit !== 0) expect(toService.accepted).toBe(0)
      expect(await halfWritten(own)).toEqual([])
    },
    LIMIT,
  )
})

test(
  'a bundle is no worse for faults: what could not be asked for is asked for again, and accepted',
  async () => {
    const { commands, accept, registry } = live
    const proxy = await between(await endpointOf(home, 'echo'), dropped)
    const own = await homeWith(home, newHome(), 'echo', proxy.url)
    const [request, bundle] = [path('again-request.json'), path('again-bundle.json')]
    const judging = ['--accept', accept, '--registry', registry.url] as const
    await commands.call('bob', 'request', ...judging, '--verifier', 'https://shop.example', '--out', request)
    const prove = () =>
      commands.call(
        'alice',
        ...proveWords(own, request, shop),
        ...['--service', 'echo', '--message', 'hello', '--min-set', '1', '--out', bundle],
      )
    expect((await prove()).exit).toBe(4)
    proxy.fault = { kind: 'none' }
    expect((await prove()).exit).toBe(0)
    await proxy.close()
    expect((await commands.call('bob', 'verify', bundle, ...judging, '--request', request)).exit).toBe(0)
  },
  LIMIT,
)
