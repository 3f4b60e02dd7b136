import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fieldToBytes, parseCredential, parseDraft, toHex } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Case, dropped, expectEnd, LIMIT, late, stalled, UNREADABLE } from '../support/faults.js'
import { between, filesBelow, halfWritten, type Live, startLive } from '../support/live.js'

// Enrolling over lines that fail: every command ends, with the right status, and leaves nothing half done.

let live: Live
const path = (name: string): string => join(live.folder, name)

beforeAll(async () => {
  live = await startLive()
}, LIMIT)
afterAll(() => live.close())

let runs = 0
const newHome = (): string => path(`home-${runs++}`)

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
    ['is slow', late, [undefined]],
  ])(
    'a line that %s: nothing is sent to the registrar and nothing kept, or she is admitted',
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
      const sent = Buffer.concat(toRegistrar.said.client).toString('latin1').includes('POST /enroll')
      expect(sent).toBe(ended.exit === 0)
      expect(await filesBelow(join(own, 'credentials'))).toHaveLength(ended.exit === 0 ? 1 : 0)
      expect(await filesBelow(join(own, 'drafts'))).toEqual([])
      expect(await halfWritten(own)).toEqual([])
    },
    LIMIT,
  )
})

const [POLICIES, NONCE, ENROLL] = ['GET /policies.json', 'POST /nonce', 'POST /enroll'] as const

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
    ['drops before the policies', { ...dropped, since: POLICIES }, GONE],
    ['is cut short within the policies', { kind: 'truncate', after: 400, since: POLICIES }, GONE],
    ['turns a bit of the policies', { kind: 'corrupt', at: 400, since: POLICIES }, UNREADABLE],
    ['stalls within the policies', { kind: 'stall', after: 400, since: POLICIES }, GONE],
    ['drops before the ticket', { ...dropped, since: NONCE }, GONE],
    ['is cut short within the ticket', { kind: 'truncate', after: 340, since: NONCE }, GONE],
    [
      'turns a bit of the ticket',
      { kind: 'corrupt', at: 340, since: NONCE },
      ['NONCE_UNKNOWN', ...UNREADABLE],
    ],
    ['stalls within the ticket', { kind: 'stall', after: 340, since: NONCE }, GONE],
    ['is slow', late, [undefined]],
  ])(
    'a line that %s: the secret of what may have been sent is kept, and a credential that is whole or none',
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
      expect(await filesBelow(join(own, 'credentials'))).toHaveLength(ended.exit === 0 ? 1 : 0)
      expect(await halfWritten(own)).toEqual([])
      const sent = Buffer.concat(proxy.said.client).toString('latin1').includes('POST /enroll')
      const drafts = await filesBelow(join(own, 'drafts'))
      expect(drafts).toHaveLength(sent && ended.exit !== 0 ? 1 : 0)
      for (const draft of drafts) {
        const { holderSecret } = parseDraft(await readFile(draft))
        expect(ended.stdout + ended.stderr).not.toContain(toHex(fieldToBytes(holderSecret)))
      }
    },
    LIMIT,
  )
  test.each<Case>([
    ['is lost', { ...dropped, since: ENROLL }, GONE],
    ['is cut short', { kind: 'truncate', after: 340, since: ENROLL }, GONE],
    [
      'has a bit turned',
      { kind: 'corrupt', at: 340, since: ENROLL },
      ['RECEIPT_NOT_ACCEPTED', ...UNREADABLE],
    ],
  ])(
    'a receipt that %s: the draft is kept, and a sync finds that she was admitted',
    async (_, fault, codes) => {
      const proxy = await between(live.registry.url, fault)
      const own = newHome()
      const urls = ['--agent', live.south, '--registrar', proxy.url]
      const ended = await live.commands.call('alice', '--home', own, 'enroll', ...urls, '--json')
      await proxy.close()
      expectEnd(ended, codes)
      if (codes === GONE) expect(ended.stderr).toContain('alice sync')
      expect(await filesBelow(join(own, 'credentials'))).toEqual([])
      const [draft = ''] = await filesBelow(join(own, 'drafts'))
      const { holderSecret } = parseDraft(await readFile(draft))
      // Heads are cut each second, and hers is in one of the next.
      for (let i = 0; i < 60 && (await filesBelow(join(own, 'credentials'))).length === 0; i++) {
        await live.commands.ask('alice', '--home', own, 'sync', '--registry', live.registry.url)
        await wait(1000)
      }
      const [credential = ''] = await filesBelow(join(own, 'credentials'))
      expect(parseCredential(await readFile(credential)).holderSecret).toBe(holderSecret)
      expect(await filesBelow(join(own, 'drafts'))).toEqual([])
    },
    LIMIT,
  )
})
