import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ErrorCode, fieldToBytes, parseAsk, toHex } from '@vouch/protocol'
import { credentialOf, parseDraft } from '@vouch/prover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Ended } from '../../scripts/demo/commands.js'
import type { Fault } from '../support/fault-proxy.js'
import {
  between,
  codeOf,
  credentialIn,
  filesBelow,
  halfWritten,
  homeWith,
  isThere,
  type Live,
  startLive,
} from '../support/live.js'

// What happens on the way between two parties: every command ends, with the right status, and leaves nothing half done.
// A stall ends when Alice's and Bob's patience does, after half a minute; so the cases of a pair run side by side.

const LIMIT = 300_000

let live: Live
let home: string
const path = (name: string): string => join(live.folder, name)

beforeAll(async () => {
  live = await startLive()
  home = path('alice')
  const { commands, registry, south, north } = live
  const enroll = ['alice', '--home', home, 'enroll', '--registrar', registry.url] as const
  await commands.ask(...enroll, '--agent', south, '--name', 'south')
  await commands.ask(...enroll, '--agent', north, '--name', 'north', '--wait')
}, LIMIT)
afterAll(() => live.close())

let runs = 0
const newHome = (): string => path(`home-${runs++}`)

const dropped: Fault = { kind: 'drop', after: 0 }
const stalled: Fault = { kind: 'stall', after: 0 }
const late: Fault = { kind: 'delay', ms: 40 }
const UNREADABLE: readonly (ErrorCode | undefined)[] = [
  'JSON_MALFORMED',
  'MEMBER_UNKNOWN',
  'MEMBER_MISSING',
  'VALUE_MALFORMED',
  'VALUE_OUT_OF_RANGE',
]

/** A fault, and what the command may end with: a bit that turns may make bytes false, or no bytes of that form at all. */
type Case = readonly [name: string, fault: Fault, codes: readonly (ErrorCode | undefined)[]]

function expectEnd(ended: Ended, codes: readonly (ErrorCode | undefined)[]): void {
  const code = codeOf(ended)
  expect(codes, ended.stderr).toContain(code)
  if (code === undefined) expect(ended.exit).toBe(0)
  else expect([2, 4]).toContain(ended.exit)
}

describe.concurrent('between Alice and the agent', () => {
  const GONE = ['AGENT_UNREACHABLE'] as const
  test.each<Case>([
    ['drops', dropped, GONE],
    ['drops within the list of services', { kind: 'drop', after: 900 }, GONE],
    ['drops within the evidence', { kind: 'drop', after: 9000 }, GONE],
    ['is cut short within the list of services', { kind: 'truncate', after: 900 }, GONE],
    ['is cut short within the evidence', { kind: 'truncate', after: 9000 }, GONE],
    ['stalls', stalled, GONE],
    ['stalls within the evidence', { kind: 'stall', after: 9000 }, GONE],
    [
      'turns a bit of the list',
      { kind: 'corrupt', at: 900 },
      ['SERVICE_TREE_FALSE', 'KEY_MALFORMED', ...UNREADABLE],
    ],
    [
      'turns a bit of the evidence',
      { kind: 'corrupt', at: 9000 },
      [
        'EVIDENCE_SIGNATURE_FALSE',
        'CHAIN_FALSE',
        'DER_MALFORMED',
        'CERTIFICATE_MALFORMED',
        'COLLATERAL_MISSING',
        ...UNREADABLE,
      ],
    ],
    ['loses the question', { kind: 'drop', after: 0, towards: 'server' }, GONE],
  ])(
    'a line that %s: nothing is sent to the registrar, nothing kept',
    async (_, fault, codes) => {
      const [proxy, toRegistrar] = [await between(live.north, fault), await between(live.registry.url)]
      const own = newHome()
      const ended = await live.commands.call(
        ...([
          'alice',
          '--home',
          own,
          'enroll',
          '--agent',
          proxy.url,
          '--registrar',
          toRegistrar.url,
        ] as const),
        '--json',
      )
      await Promise.all([proxy.close(), toRegistrar.close()])
      expectEnd(ended, codes)
      expect(Buffer.concat(toRegistrar.said.client).toString('latin1')).not.toContain('POST /enroll')
      expect(await filesBelow(join(own, 'credentials'))).toEqual([])
      expect(await filesBelow(join(own, 'drafts'))).toEqual([])
      expect(await halfWritten(own)).toEqual([])
    },
    LIMIT,
  )
})

describe.concurrent('between Alice and the registrar', () => {
  const GONE = ['REGISTRY_UNREACHABLE'] as const
  test.each<Case>([
    ['drops', dropped, GONE],
    ['is cut short within the head', { kind: 'truncate', after: 500 }, [...GONE, ...UNREADABLE]],
    ['stalls', stalled, GONE],
    ['stalls within the head', { kind: 'stall', after: 500 }, GONE],
    [
      'turns a bit of the head',
      { kind: 'corrupt', at: 500 },
      ['HEAD_SIGNATURE_FALSE', 'KEY_MALFORMED', ...UNREADABLE],
    ],
    ['drops within the enrollment', { kind: 'drop', after: 12_000, towards: 'server' }, GONE],
  ])(
    'a line that %s: no credential, and the secret of what may have been sent is kept',
    async (_, fault, codes) => {
      const proxy = await between(live.registry.url, fault)
      const own = newHome()
      const ended = await live.commands.call(
        ...([
          'alice',
          '--home',
          own,
          'enroll',
          '--agent',
          live.south,
          '--registrar',
          proxy.url,
          '--json',
        ] as const),
      )
      await proxy.close()
      expectEnd(ended, codes)
      expect(await filesBelow(join(own, 'credentials'))).toEqual([])
      expect(await halfWritten(own)).toEqual([])
      const sent = Buffer.concat(proxy.said.client).toString('latin1').includes('POST /enroll')
      const drafts = await filesBelow(join(own, 'drafts'))
      expect(drafts).toHaveLength(sent ? 1 : 0)
      for (const draft of drafts) {
        const { holderSecret } = parseDraft(await readFile(draft))
        expect(ended.stdout + ended.stderr).not.toContain(toHex(fieldToBytes(holderSecret)))
      }
    },
    LIMIT,
  )
})

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
      const honest = (await credentialIn(home, 'north')).guest.services.find(
        ({ name }) => name === service,
      )?.endpoint
      const proxy = await between(honest ?? '', fault)
      const own = await homeWith(home, newHome(), service, proxy.url)
      const request = path(`request-${runs++}.json`)
      await commands.call(
        ...(['bob', 'request', '--accept', accept, '--registry', registry.url] as const),
        ...['--name', 'shop.example', '--out', request],
      )
      const out = `${own}-bundle.json`
      const ended = await commands.call(
        ...(['alice', '--home', own, 'prove', '--request', request, '--credential', 'north'] as const),
        ...['--registry', registry.url, '--service', service, '--message', 'hello', '--min-set', '2'],
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

describe.concurrent('between Bob and the registrar', () => {
  const GONE = ['REGISTRY_UNREACHABLE'] as const
  const cases: readonly Case[] = [
    ['drops', dropped, GONE],
    ['is cut short', { kind: 'truncate', after: 500 }, [...GONE, ...UNREADABLE]],
    ['stalls', { kind: 'stall', after: 500 }, GONE],
    ['turns a bit', { kind: 'corrupt', at: 500 }, ['HEAD_SIGNATURE_FALSE', 'KEY_MALFORMED', ...UNREADABLE]],
    ['is slow', late, [undefined]],
  ]
  test.each(cases)(
    'a line that %s: no Request that is not whole',
    async (name, fault, codes) => {
      const proxy = await between(live.registry.url, fault)
      const out = path(`asked-${name.replaceAll(' ', '-')}.json`)
      const ended = await live.commands.call(
        ...(['bob', 'request', '--accept', live.accept, '--registry', proxy.url] as const),
        ...['--name', 'shop.example', '--out', out],
      )
      await proxy.close()
      expect(await isThere(out)).toBe(ended.exit === 0)
      if (codes.includes(undefined)) expect(ended.exit).toBe(0)
      else {
        expect([2, 4]).toContain(ended.exit)
        expect(
          codes.some((code) => ended.stderr.includes(`[${code}]`)),
          ended.stderr,
        ).toBe(true)
      }
    },
    LIMIT,
  )

  test.each<Case>([
    ['drops within the leaves', { kind: 'drop', after: 1200 }, GONE],
    ['is cut short within the leaves', { kind: 'truncate', after: 1200 }, [...GONE, ...UNREADABLE]],
    ['turns a bit of the leaves', { kind: 'corrupt', at: 1200 }, ['LEAVES_FALSE', ...UNREADABLE]],
    ['stalls within the leaves', { kind: 'stall', after: 1200 }, GONE],
  ])(
    'a copy over a line that %s has no head, and is whole when it is synced again',
    async (name, fault, codes) => {
      const { commands, registry } = live
      const proxy = await between(registry.url, fault)
      const copy = path(`copy-${name.replaceAll(' ', '-')}`)
      const known = ['--to', copy, '--registry', registry.id, '--signer', registry.signer, '--json']
      const ended = await commands.call('registrar', 'sync', proxy.url, ...known)
      await proxy.close()
      expectEnd(ended, codes)
      expect(await isThere(join(copy, 'head.json'))).toBe(false)
      expect(await halfWritten(copy)).toEqual([])
      await commands.ask('registrar', 'sync', registry.url, ...known.slice(0, -1))
      expect(await isThere(join(copy, 'head.json'))).toBe(true)
    },
    LIMIT,
  )
})

test(
  'a bundle is no worse for faults: what could not be asked for is asked for again, and accepted',
  async () => {
    const { commands, accept, registry } = live
    const honest = (await credentialIn(home, 'north')).guest.services.find(
      ({ name }) => name === 'echo',
    )?.endpoint
    const proxy = await between(honest ?? '', dropped)
    const own = await homeWith(home, newHome(), 'echo', proxy.url)
    const [request, bundle] = [path('again-request.json'), path('again-bundle.json')]
    const judging = ['--accept', accept, '--registry', registry.url] as const
    await commands.call('bob', 'request', ...judging, '--name', 'shop.example', '--out', request)
    const prove = () =>
      commands.call(
        ...(['alice', '--home', own, 'prove', '--request', request, '--credential', 'north'] as const),
        ...[
          '--registry',
          registry.url,
          '--service',
          'echo',
          '--message',
          'hello',
          '--min-set',
          '2',
          '--out',
          bundle,
        ],
      )
    expect((await prove()).exit).toBe(4)
    proxy.fault = { kind: 'none' }
    expect((await prove()).exit).toBe(0)
    await proxy.close()
    expect((await commands.call('bob', 'verify', bundle, ...judging, '--request', request)).exit).toBe(0)
  },
  LIMIT,
)
