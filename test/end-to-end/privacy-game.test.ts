import { readFile, writeFile } from 'node:fs/promises'
import { decodeEnvelope, fromHex, parseBundle } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  answered,
  type Game,
  masked,
  openGame,
  type Player,
  requestOf,
  type Seen,
  watched,
} from '../support/game.js'
import { between } from '../support/live.js'

// Hiding is a game: two machines do the same, and all that Bob, the registrar and the network see of them is compared.
// Not played: how long each thing takes. A machine that is slower than another shows that to a client that asks it often.

let game: Game
let enrolled: readonly Seen[]

beforeAll(async () => {
  game = await openGame()
  const { players } = game
  // A registry without members shows no leaves: a third holder is there before both.
  const carol = { ...players[0], home: `${players[0].home}-carol` }
  const seen: Seen[] = []
  for (const player of [carol, ...players]) {
    seen.push(await enroll(player))
    // A head that is cut while the next player reads the registry costs that player a second look.
    await untilPublished(player)
  }
  enrolled = seen.slice(1)
  for (const player of players) await sync(player)
}, 300_000)
afterAll(() => game?.close())

const enroll = ({ home, agent, name }: Player): Promise<Seen> =>
  watched(game.registry.url, (url) =>
    game.commands.mustCall(
      ...(['alice', '--home', home, 'enroll', '--agent', agent, '--registrar', url, '--name', name] as const),
      ...['--registry-id', game.registry.id, '--signer', game.registry.signer],
    ),
  )

const sync = ({ home }: Player, from = game.registry.url) =>
  game.commands.mustCall('alice', '--home', home, 'sync', '--registry', from)

async function untilPublished(player: Player): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    await sync(player)
    const { stdout } = await game.commands.mustCall('alice', '--home', player.home, 'credential', 'list')
    if (!stdout.includes('not yet published')) return
  }
}

/** A minute has to hold both answers: in the next one, another time would be asked for. */
async function earlyInAMinute(): Promise<void> {
  while (Math.floor(Date.now() / 1000) % 60 > 25) await new Promise((resolve) => setTimeout(resolve, 500))
}

/** What the two show, with what must differ masked, side by side. */
const sideBySide = (views: readonly string[]) => ({ north: views[0], south: views[1] })
function expectAlike(views: readonly string[]): void {
  const { north, south } = sideBySide(views)
  expect(north).toBeDefined()
  expect(south).toBe(north)
}

/** Requests alone: which, in what order, with what headers, how long. */
const requestsIn = ({ client }: Seen): string =>
  masked(client, [
    // Evidence is the machine itself, and the registrar is shown it: by the design, once, and nothing that leads from it to an answer.
    [/"evidence":\[[^\]]*\]/g, '"evidence":[…]'],
    [/content-length: \d+/gi, 'content-length: N'],
  ])

describe('the registrar', () => {
  test('sees both enroll by the same requests, in the same order and words', () => {
    expectAlike(enrolled.map(requestsIn))
    expect(enrolled.map(({ connections }) => connections)).toEqual([
      enrolled[0]?.connections,
      enrolled[0]?.connections,
    ])
    expect(requestsIn(enrolled[0] as Seen)).toContain('POST /enroll')
  })

  test('sees both sync alike, though one has just synced and the other is behind', async () => {
    const { players } = game
    const dave = { ...players[1], home: `${players[1].home}-dave` }
    await enroll(dave)
    await untilPublished(dave)
    await sync(players[0])
    const views = []
    for (const player of players) views.push(await watched(game.registry.url, (url) => sync(player, url)))
    expectAlike(views.map(requestsIn))
    expect(views[0]?.connections).toBe(views[1]?.connections)
    expect(requestsIn(views[0] as Seen)).toContain('GET /leaves/0')
    for (const player of players) await sync(player)
  })
})

describe('Bob', () => {
  test('gets bundles for one Request that differ in nothing but proof, pseudonym and salted hash', async () => {
    await earlyInAMinute()
    const request = await requestOf(game, 'both')
    const seen = []
    for (const player of game.players) seen.push(await answered(game, player, request, ['--min-set', '1']))
    expect(seen.map(({ exit }) => exit)).toEqual([0, 0])
    const bundles = seen.map(({ bundle }) => bundle ?? '')
    expectAlike(bundles.map((bundle) => masked(bundle)))

    const [north, south] = bundles.map((bundle) => parseBundle(bundle))
    if (north === undefined || south === undefined) throw new Error('two bundles')
    const { envelope: a, nullifier: _, proof: __, ...restOfNorth } = north
    const { envelope: b, nullifier: ___, proof: ____, ...restOfSouth } = south
    expect(restOfSouth).toEqual(restOfNorth)
    // The clocks of the guests are off by a minute and a half from one another. Not a second of it shows.
    const [ofNorth, ofSouth] = [decodeEnvelope(a), decodeEnvelope(b)]
    expect({ ...ofSouth, askHash: undefined }).toEqual({ ...ofNorth, askHash: undefined })
    expect(ofSouth.askHash).not.toEqual(ofNorth.askHash)
    expect(ofNorth.time).toBe((JSON.parse(await readFile(request, 'utf8')) as { now: number }).now)
    // What the network between Alice and her service shows has one form too.
    expectAlike(seen.map(({ service }) => masked(service.client)))
    expectAlike(seen.map(({ service }) => masked(service.server)))
    expect(seen.map(({ service }) => service.connections)).toEqual([1, 1])
  }, 300_000)

  test.each<[string, object, readonly string[]]>([
    ['asks at a root that does not stand', { root: `${'00'.repeat(31)}05` }, ['--min-set', '1']],
    ['asks for a crowd that is not there', {}, ['--min-set', '1000']],
    ['asks by a clock of long ago', { now: 60 }, ['--min-set', '1']],
  ])(
    'gets nothing from either where he %s, and no service hears of it',
    async (name, change, options) => {
      const asked = await requestOf(game, name.replaceAll(' ', '-'))
      await writeFile(asked, JSON.stringify({ ...JSON.parse(await readFile(asked, 'utf8')), ...change }))
      const seen = []
      for (const player of game.players) seen.push(await answered(game, player, asked, options))
      expect(seen.map(({ exit }) => exit)).toEqual([3, 3])
      expect(seen.map(({ bundle }) => bundle)).toEqual([undefined, undefined])
      expect(seen.map(({ service }) => service)).toEqual([
        { connections: 0, client: '', server: '' },
        { connections: 0, client: '', server: '' },
      ])
    },
    300_000,
  )
})

test('the registrar hears nothing while they answer and refuse, though it is where their copies come from', async () => {
  const { registry, players, commands } = game
  const request = await requestOf(game, 'silent')
  for (const player of players) {
    const wire = await between(registry.url)
    await commands.mustCall('alice', '--home', player.home, 'sync', '--registry', wire.url)
    const [heard, said] = [wire.accepted, wire.said.client.length]
    expect(heard).toBeGreaterThan(0)
    expect((await answered(game, player, request, ['--min-set', '1'])).exit).toBe(0)
    expect((await answered(game, player, request, ['--min-set', '1000'])).exit).toBe(3)
    expect([wire.accepted, wire.said.client.length]).toEqual([heard, said])
    await commands.mustCall('alice', '--home', player.home, 'sync') // through the same wire: it is where her copy comes from
    expect(wire.accepted).toBeGreaterThan(heard)
    await commands.mustCall('alice', '--home', player.home, 'sync', '--registry', registry.url)
    await wire.close()
  }
}, 300_000)

test('the machines can be told apart by their clocks, so that the game is about something', async () => {
  const { players } = game
  const offsets = await Promise.all(
    players.map(async ({ agent }) => {
      const { services } = (await (await fetch(`${agent}/info`)).json()) as {
        services: { name: string; endpoint: string }[]
      }
      const endpoint = services.find(({ name }) => name === 'oracle')?.endpoint ?? ''
      const ask = { version: 2, client_nonce: '00'.repeat(32), salt: '00'.repeat(32), message: '' }
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(ask) })
      const { envelope } = (await answer.json()) as { envelope: string }
      return decodeEnvelope(fromHex(envelope)).time - Math.floor(Date.now() / 1000)
    }),
  )
  expect(Math.abs((offsets[0] ?? 0) - (offsets[1] ?? 0))).toBeGreaterThan(60)
})
