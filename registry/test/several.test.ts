import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startServer } from '@vouch/host/http'
import { clock } from '@vouch/host/node'
import { type PostgresServer, postgresPrograms, startPostgres } from '@vouch/host/testing/postgres'
import { isHeadSigned } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { REGISTRAR_LIMITS, siteOf } from '../node/http/site.js'
import { openRegistrar } from '../node/open-registrar.js'
import { makeRegistrar } from '../node/serving/make-registrar.js'
import { registrarFolder } from '../node/serving/registrar-folder.js'
import { createRegistry, openRegistry } from '../node/store/index.js'
import { ENGINES, type Place, withServer } from '../testing/engines.js'
import { testPolicy } from '../testing/enrolling.js'
import { quickHash as hash, member, NOW, SIGNER } from '../testing/members.js'
import { scratch } from '../testing/registries.js'
import { buildWriter, Writer } from './support/processes.js'

// Several processes share a registry on a server: each of them admits, one of them signs.

const common = withServer()
const MACHINE = new Uint8Array(32).fill(9)

const linesOf = (runs: readonly Writer[], start: string) =>
  runs.flatMap(({ lines }) => lines.filter((line) => line.startsWith(start)))

/** All heads, each of them signed once, and each following from the one before. */
async function expectOneHistory(place: Pick<Place, 'using'>): Promise<void> {
  await place.using(
    async (registry) => {
      const heads = await registry.heads(0, 100_000)
      expect(heads.map(({ seq }) => seq)).toEqual(heads.map((_, i) => i))
      expect(heads.every(isHeadSigned)).toBe(true)
    },
    { hash, rebuild: true },
  )
}

describe('two processes that admit and two that sign', () => {
  it('use no nonce twice, keep each quota, and sign one history', async (context) => {
    const place = await ENGINES.postgres(context)
    const writer = await buildWriter()
    const start = (work: string, argument: string) =>
      new Writer(writer, [work, place.folder, argument, place.store ?? ''])
    const signers = [start('sign', '20'), start('sign', '20')]
    const admitters = [start('some', '0,150'), start('some', '50,150')]
    for (const one of admitters) await one.end()
    await wait(300)
    for (const one of signers) await one.kill()
    for (const one of [...signers, ...admitters]) expect(one.errors.join('')).toBe('')

    const admitted = linesOf(admitters, 'admitted').map((line) => Number(line.split(' ')[1]))
    expect(new Set(admitted).size).toBe(admitted.length)
    expect(admitted.length).toBe(200)
    expect(linesOf(admitters, 'refused')).toHaveLength(100)
    expect(linesOf(admitters, 'refused').every((line) => line.endsWith('NONCE_USED'))).toBe(true)
    await expectOneHistory(place)
    await place.using(async (registry) => {
      for (const n of admitted) expect(await registry.find(member(n).credential)).toBeDefined()
    })

    const [one, two] = [await place.open({ hash }), await place.open({ hash })]
    const of = (n: number) => member(1000 + n, { machine: MACHINE, quota: 3 })
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, n) => (n % 2 ? one : two).admit(of(n))),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    const [ban, late] = await Promise.allSettled([
      one.ban(MACHINE, 'lost'),
      two.admit(member(2000, { machine: MACHINE })),
    ])
    expect(ban.status).toBe('fulfilled')
    const found = await two.find(member(2000).credential)
    expect(late.status === 'rejected' || found?.removed).toBe(true)
    await one.close()
    await two.close()
  })

  it('hand the signing over when its session is ended, and when its process stands still', async (context) => {
    const place = await ENGINES.postgres(context)
    const writer = await buildWriter()
    const start = () => new Writer(writer, ['sign', place.folder, '50', place.store ?? ''])
    const [first, second] = [start(), start()]
    await first.until('head')
    await second.until('head')
    const database = place.store?.split('/').at(-1) ?? ''
    common
      .server()
      .psql(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}' AND application_name = 'vouch'`,
      )
    await grows(place)
    // The one that signs now is stopped in the middle of its work, for longer than the server waits for it.
    for (const run of [first, second]) {
      run.process.kill('SIGSTOP')
      await grows(place, 40_000)
      run.process.kill('SIGCONT')
      await wait(500)
    }
    await grows(place)
    for (const run of [first, second]) {
      await run.kill()
      expect(run.errors.join('')).toBe('')
    }
    await expectOneHistory(place)
  }, 300_000)
})

/** Waits until there are new heads: some process signs. */
async function grows(place: Place, patience = 20_000): Promise<void> {
  const newest = async () =>
    Number((await place.rows('SELECT max(seq) AS seq FROM heads WHERE signature IS NOT NULL'))[0]?.seq)
  const before = await newest()
  for (const until = Date.now() + patience; Date.now() < until; ) {
    await wait(200)
    if ((await newest()) > before + 3) return
  }
  expect.unreachable('no process signs heads')
}

describe('a server with a replica', () => {
  let primary: PostgresServer | undefined
  let replica: PostgresServer | undefined
  beforeAll(async () => {
    if (postgresPrograms() === undefined) return
    primary = await startPostgres({ settings: { fsync: 'off' } })
    replica = await startPostgres({ settings: { fsync: 'off' }, standbyOf: primary })
  }, 120_000)
  afterAll(async () => {
    await replica?.stop()
    await primary?.stop()
  })

  it('that is promoted has all that was acknowledged while it was synchronous, and signs nothing that it lacks', async (context) => {
    needs.postgres(context)
    if (primary === undefined || replica === undefined) return expect.unreachable('no servers')
    primary.psql("ALTER SYSTEM SET synchronous_standby_names = 'vouch_standby'; SELECT pg_reload_conf()")
    await wait(300)
    const place = await ENGINES.postgres(context) // its folder; the registry itself is on the server with a replica
    const { folder } = place
    const home = `${folder}-home`
    const options = { now: () => NOW, signer: SIGNER, hash }
    await createRegistry(home, { id: new Uint8Array(32).fill(4), ...options, store: primary.url })
    const registry = await openRegistry(home, options)
    const acknowledged: number[] = []
    const admitting = Array.from({ length: 60 }, async (_, n) => {
      await registry.admit(member(n)).then(
        () => acknowledged.push(n),
        () => undefined,
      )
      if (n === 20) await registry.cutHead().catch(() => undefined)
    })
    await wait(30)
    await primary.kill()
    await Promise.all(admitting)
    await registry.close().catch(() => undefined)
    replica.psql('SELECT pg_promote()')
    const after = await openRegistry(home, { ...options, store: replica.url })
    for (const n of acknowledged) expect(await after.find(member(n).credential)).toBeDefined()
    expect(await after.cutHead({ evenIfUnchanged: true })).toBeDefined()
    await after.close()

    // A replica that was behind when it was promoted lacks a head that is published: nothing is signed.
    replica.psql('\\connect vouch\nDELETE FROM heads WHERE seq = (SELECT max(seq) FROM heads)')
    await expect(openRegistry(home, { ...options, store: replica.url })).rejects.toMatchObject({
      code: 'LOG_CORRUPT',
    })
  }, 180_000)
})

describe('a process without the key', () => {
  it('removes a member: the process that signs signs the head', async (context) => {
    const place = await ENGINES.postgres(context)
    const [signer, other] = [await place.open({ hash }), await place.open({ hash, signer: undefined })]
    await other.admit(member(0))
    expect(await signer.cutHead()).toMatchObject({ seq: 1, size: 1 })
    const removal = other.remove(member(0).credential, 'lost')
    const signing = setInterval(() => void signer.cutHead().catch(() => undefined), 50)
    expect(await removal).toMatchObject({ seq: 2, previousRoot: 0n })
    clearInterval(signing)
    await other.close()
    await signer.close()
    await expectOneHistory(place)
  })
})

describe('a registrar whose database is away', () => {
  it('answers with 503 and when to come again, and goes on when the database is back', async (context) => {
    needs.postgres(context)
    const server = common.server()
    const folder = join(scratch(), 'registrar')
    const store = server.database('away')
    await makeRegistrar(folder, {
      id: new Uint8Array(32).fill(6),
      policies: [testPolicy()],
      time: clock(),
      store,
    })
    const registrar = await openRegistrar(folder, { key: registrarFolder(folder).signerKey })
    const http = await startServer(siteOf(registrar), { host: '127.0.0.1', port: 0 }, REGISTRAR_LIMITS)
    const get = (path: string) => fetch(`http://127.0.0.1:${http.address.port}${path}`)
    expect((await get('/head.json')).status).toBe(200)
    await server.kill()
    const away = await get('/head.json')
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, '10'])
    expect(await away.text()).not.toContain(server.password)
    expect((await get('/health')).status).toBe(200)
    await expect(registrar.registry.admit(member(1))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    await server.start()
    expect((await get('/head.json')).status).toBe(200)
    await registrar.registry.admit(member(1))
    expect(await registrar.registry.cutHead()).toMatchObject({ seq: 1, size: 1 })
    await http.close()
    await registrar.close()
  })
})
