import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Case, dropped, expectEnd, LIMIT, late, stalled, UNREADABLE } from '../support/faults.js'
import {
  between,
  codeSaid,
  enrollBoth,
  filesBelow,
  halfWritten,
  isThere,
  type Live,
  proveWords,
  startLive,
} from '../support/live.js'
import { shop } from '../support/proven.js'

// Reading a registry over lines that fail.

let live: Live
let home: string
const path = (name: string): string => join(live.folder, name)

beforeAll(async () => {
  live = await startLive()
  home = path('alice')
  await enrollBoth(live, home)
}, LIMIT)
afterAll(() => live.close())

/** Two leaves, behind the headers of a response: 350 bytes in, the first of them is on its way. */
const LEAVES = 'GET /leaves/0'

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
        ...['--verifier', shop, '--out', out],
      )
      await proxy.close()
      expect(await isThere(out)).toBe(ended.exit === 0)
      expectEnd(ended, codes, codeSaid(ended))
    },
    LIMIT,
  )

  test.each<Case>([
    ['drops within the leaves', { kind: 'drop', after: 400, since: LEAVES }, GONE],
    [
      'is cut short within the leaves',
      { kind: 'truncate', after: 400, since: LEAVES },
      [...GONE, ...UNREADABLE],
    ],
    ['turns a bit of the leaves', { kind: 'corrupt', at: 350, since: LEAVES }, [undefined]],
    ['stalls within the leaves', { kind: 'stall', after: 400, since: LEAVES }, GONE],
  ])(
    'a copy over a line that %s has no head unless it is whole, and is whole when synced again',
    async (name, fault, codes) => {
      const { commands, registry } = live
      const proxy = await between(registry.url, fault)
      const copy = path(`copy-${name.replaceAll(' ', '-')}`)
      const known = ['--to', copy, '--registry', registry.id, '--signer', registry.signer, '--json']
      const ended = await commands.call('registrar', 'sync', proxy.url, ...known)
      await proxy.close()
      expectEnd(ended, codes)
      expect(await isThere(join(copy, 'head.json'))).toBe(ended.exit === 0) // false leaves are read again
      expect(await halfWritten(copy)).toEqual([])
      await commands.ask('registrar', 'sync', registry.url, ...known.slice(0, -1))
      expect(await isThere(join(copy, 'head.json'))).toBe(true)
    },
    LIMIT,
  )
})

describe.concurrent('between Alice, who syncs, and a mirror', () => {
  const GONE = ['REGISTRY_UNREACHABLE'] as const
  test.each<Case>([
    ['drops', dropped, GONE],
    ['is cut short', { kind: 'truncate', after: 500 }, GONE],
    ['stalls', stalled, GONE],
    ['stalls within the answer', { kind: 'stall', after: 500 }, GONE],
    ['turns a bit', { kind: 'corrupt', at: 500 }, ['HEAD_SIGNATURE_FALSE', 'KEY_MALFORMED', ...UNREADABLE]],
    ['loses the question', { kind: 'drop', after: 0, towards: 'server' }, GONE],
    ['is slow', late, [undefined]],
  ])(
    'a line that %s: her copy is brought up to date, or stays what it was and serves',
    async (name, fault, codes) => {
      const { commands, accept, registry } = live
      const own = path(`alice-${name.replaceAll(' ', '-')}`)
      await cp(home, own, { recursive: true })
      const [request, out] = [`${own}-request.json`, `${own}-bundle.json`]
      const asking = ['--accept', accept, '--registry', registry.url, '--verifier', shop] as const
      await commands.mustCall('bob', 'request', ...asking, '--out', request)
      const proxy = await between(registry.url, fault)
      const ended = await commands.call('alice', '--home', own, 'sync', '--registry', proxy.url, '--json')
      await proxy.close()
      expectEnd(ended, codes)
      expect(await halfWritten(own)).toEqual([])
      const kept = (await filesBelow(own)).some((file) => file.endsWith('/reading.json'))
      expect(kept).toBe(ended.exit === 0) // a mirror that does not answer takes no other's place
      await commands.mustCall(
        'alice',
        ...proveWords(own, request, shop),
        ...['--service', 'echo', '--message', 'hello', '--min-set', '1', '--out', out],
      )
    },
    LIMIT,
  )
})
