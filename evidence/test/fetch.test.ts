import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Evidence, type EvidenceFile, packEvidence, parseEvidence, renewed } from '@vouch/evidence'
import { fetchPublished, type Sources } from '@vouch/evidence/node'
import { concat, VouchError } from '@vouch/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import { pemText } from '../testing/bytes.js'
import { fileOf, textOf, utf8 } from '../testing/files.js'
import { quoteGuest } from '../testing/intel.js'
import { attest, authenticated, NOW, vendor } from '../testing/simulated.js'
import {
  cutShort,
  hangUp,
  neverAnswer,
  ok,
  type Reply,
  stall,
  status,
  type VendorService,
  vendorService,
} from '../testing/vendor-service.js'

// What vendors publish, from services on this machine that behave as theirs do.

const [, vcek, intermediate, root] = await attest()
const bytesOf = (file: { readonly bytes: Uint8Array } | undefined) => file?.bytes ?? new Uint8Array()
const chain = concat(pemText(bytesOf(intermediate)), pemText(bytesOf(root)))
const list = (await vendor.revoke('root', { thisUpdate: NOW - 1, nextUpdate: NOW + 1, revoked: [] })).bytes

const CHIP = 'c1'.repeat(64)
const VCEK = `/vcek/v1/Milan/${CHIP}?blSPL=04&teeSPL=00&snpSPL=24&ucodeSPL=220`
const CHAIN = '/vcek/v1/Milan/cert_chain'
const LIST = '/vcek/v1/Milan/crl'
const good = { [VCEK]: [ok(bytesOf(vcek))], [CHAIN]: [ok(chain)], [LIST]: [ok(list)] }

/** A report of a Milan machine; nobody signed it, which is nobody's business who fetches for it. */
async function milan(fields: object = {}): Promise<Evidence> {
  const [report] = await attest({ report: { fields: { cpuid: [0x19, 1, 1], ...fields } } })
  return (await parseEvidence(report === undefined ? [] : [report])).evidence
}

const open: VendorService[] = []
const folders: string[] = []
afterEach(async () => {
  for (const service of open.splice(0)) await service.close()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function serve(replies: Readonly<Record<string, readonly Reply[]>>): Promise<VendorService> {
  const service = await vendorService(replies)
  open.push(service)
  return service
}

async function cacheFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vouch-cache-'))
  folders.push(folder)
  return folder
}

/** The world around, with a clock that goes on when somebody sleeps. */
function sources(mirror: string, changes: Partial<Sources> = {}): Sources & { readonly pauses: number[] } {
  const pauses: number[] = []
  return {
    fetch,
    sleep: async (ms) => {
      pauses.push(ms)
    },
    now: () => NOW * 1000,
    patience: { attempts: 4, pauseMs: 100, maxPauseMs: 60_000, timeoutMs: 20_000 },
    mirror,
    pauses,
    ...changes,
  }
}

async function refusal(fetching: Promise<unknown>): Promise<VouchError> {
  const error = await fetching.catch((thrown: unknown) => thrown)
  if (error instanceof VouchError) return error
  throw new Error(`it must be refused, and was not: ${String(error)}`)
}

describe('what AMD publishes', () => {
  test('is fetched by product, chip and patch levels, and makes the evidence complete', async () => {
    const service = await serve(good)
    const fetched = await fetchPublished(await milan(), sources(`${service.url}/`))
    expect(service.asked).toEqual([VCEK, CHAIN, LIST])
    expect(fetched.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['vcek.der', vcek?.bytes],
      ['cert_chain.pem', chain],
      ['ark_crl.der', list],
    ])
    const [report] = await attest()
    const { evidence } = await parseEvidence([...(report === undefined ? [] : [report]), ...fetched])
    expect(evidence).toMatchObject({ certificates: { length: 3 }, revocationLists: { length: 1 } })
  })

  test('of a report that does not name its product is looked for under each', async () => {
    const genoa = Object.fromEntries(
      Object.entries(good).map(([path, replies]) => [path.replace('Milan', 'Genoa'), replies]),
    )
    const service = await serve(genoa)
    const evidence = await milan({ version: 2, cpuid: [0, 0, 0] })
    expect(await fetchPublished(evidence, sources(service.url))).toHaveLength(3)
    expect(service.asked[0]).toBe(VCEK)
    const nobody = await serve({})
    expect((await refusal(fetchPublished(evidence, sources(nobody.url)))).code).toBe('COLLATERAL_MISSING')
  })

  test('under a VLEK is the chain and the list: the certificate is the cloud’s', async () => {
    const service = await serve({
      '/vlek/v1/Milan/cert_chain': [ok(chain)],
      '/vlek/v1/Milan/crl': [ok(list)],
    })
    const evidence = await milan({ keyInfo: 1 << 2, chipId: new Uint8Array(64) })
    const fetched = await fetchPublished(evidence, sources(service.url))
    expect(fetched.map(({ name }) => name)).toEqual(['cert_chain.pem', 'ark_crl.der'])
  })

  test('of a masked chip is not asked for', async () => {
    const service = await serve(good)
    const { code } = await refusal(
      milan({ chipId: new Uint8Array(64) }).then((evidence) =>
        fetchPublished(evidence, sources(service.url)),
      ),
    )
    expect([code, service.asked]).toEqual(['COLLATERAL_MISSING', []])
  })
})

describe('what Intel publishes', () => {
  const FMSPC = 'f00d00000000'
  const ROOT_LIST = '/IntelSGXRootCA.der'
  const paths = (tee: string, ca = 'platform') => ({
    info: `/${tee}/certification/v4/tcb?fmspc=${FMSPC}`,
    identity: `/${tee}/certification/v4/qe/identity`,
    list: `/sgx/certification/v4/pckcrl?ca=${ca}&encoding=der`,
  })
  const chainHeader = (files: readonly EvidenceFile[]) =>
    encodeURIComponent(textOf(concat(...files.map(({ bytes }) => pemText(bytes)))))

  /** A quote with nothing beside it, and a service that has all that it needs. */
  async function quoted(changes: { readonly header?: string } = {}) {
    const files = await quoteGuest()
    const issuers = [fileOf(files, 'tcb_signing.der')]
    const header = changes.header ?? chainHeader(issuers)
    const { info, identity, list: pckList } = paths('tdx')
    const service = await serve({
      [info]: [ok(fileOf(files, 'tcb_info.json').bytes, { 'TCB-Info-Issuer-Chain': header })],
      [identity]: [
        ok(fileOf(files, 'qe_identity.json').bytes, { 'SGX-Enclave-Identity-Issuer-Chain': header }),
      ],
      [pckList]: [ok(fileOf(files, 'platform-ca.crl').bytes, { 'SGX-PCK-CRL-Issuer-Chain': header })],
      [ROOT_LIST]: [ok(fileOf(files, 'root.crl').bytes)],
    })
    const quote = fileOf(files, 'quote.bin')
    return { service, quote, evidence: (await parseEvidence([quote])).evidence }
  }

  test('makes a quote complete, with the chains that answers carry in their headers', async () => {
    const { service, quote, evidence } = await quoted()
    const fetched = await fetchPublished(evidence, sources(service.url))
    const { info, identity, list: pckList } = paths('tdx')
    expect(service.asked).toEqual([info, identity, pckList, ROOT_LIST])
    const complete = await authenticated([quote, ...fetched])
    expect([complete.failures, complete.authentic?.claims.kind]).toEqual([[], 'simulated-tdx'])
  })

  test('is asked for anew each time', async () => {
    const { service, evidence } = await quoted()
    const cache = await cacheFolder()
    for (let i = 0; i < 2; i++) await fetchPublished(evidence, sources(service.url, { cache }))
    expect([service.asked.length, await readdir(cache)]).toEqual([8, []])
  })

  test.each([
    ['without a chain', ''],
    ['with something else for a chain', '%7Bno%7D'],
    ['with a chain that is damaged', '%E0%A4%A'],
  ])('%s is not believed', async (_, header) => {
    const { service, evidence } = await quoted({ header })
    expect((await refusal(fetchPublished(evidence, sources(service.url)))).code).toBe('VENDOR_UNREACHABLE')
  })
})

describe('a service', () => {
  test.each<[string, readonly Reply[], readonly number[]]>([
    [
      'that has had enough is left alone for as long as it says',
      [status(429, { 'retry-after': '7' })],
      [7000],
    ],
    [
      'that names a date is asked again then',
      [status(429, { 'retry-after': new Date((NOW + 9) * 1000).toUTCString() })],
      [9000],
    ],
    [
      'that is down is asked again, each time later',
      [status(503), status(500), status(502)],
      [100, 200, 400],
    ],
    ['that hangs up is asked again', [hangUp], [100]],
    ['that breaks off is asked again', [cutShort], [100]],
  ])('%s', async (_, moods, pauses) => {
    const service = await serve({ ...good, [CHAIN]: [...moods, ok(chain)] })
    const world = sources(service.url)
    expect(await fetchPublished(await milan(), world)).toHaveLength(3)
    expect(world.pauses).toEqual(pauses)
  })

  test.each<[string, Reply, number]>([
    ['that is down for good is given up', status(503), 4],
    ['that asks for an hour is not waited for', status(429, { 'retry-after': '3600' }), 1],
    ['that refuses is not asked twice', status(403), 1],
    ['that sends another page is not believed', ok('<html>Please log in</html>'), 1],
    ['that sends without end is not listened to', ok(new Uint8Array(2_000_000)), 1],
    ['that sends a part of it is not believed', cutShort, 4],
    ['that does not know the rest of what it knows is said to', status(404), 1],
  ])('%s', async (_, mood, times) => {
    const service = await serve({ ...good, [LIST]: [mood] })
    const { code, hint } = await refusal(fetchPublished(await milan(), sources(service.url)))
    expect([code, hint]).toEqual(['VENDOR_UNREACHABLE', expect.stringContaining('--mirror')])
    expect(service.asked.filter((path) => path === LIST)).toHaveLength(times)
  })

  test.each<[string, Reply]>([
    ['that takes the question and never answers', neverAnswer],
    ['that begins to answer and says no more', stall],
  ])('%s is given up each time, and then for good', async (_, mood) => {
    const service = await serve({ ...good, [LIST]: [mood] })
    const world = sources(service.url)
    const impatient = { ...world, patience: { ...world.patience, attempts: 2, timeoutMs: 300 } }
    const { code, rule } = await refusal(fetchPublished(await milan(), impatient))
    expect([code, rule]).toEqual(['VENDOR_UNREACHABLE', expect.stringContaining('asked 2 times')])
    expect([service.asked.filter((path) => path === LIST).length, world.pauses]).toEqual([2, [100]])
  })

  test('that is not there at all is given up', async () => {
    const service = await serve(good)
    await open.pop()?.close()
    const { code, rule } = await refusal(fetchPublished(await milan(), sources(service.url)))
    expect([code, rule]).toEqual(['VENDOR_UNREACHABLE', expect.stringContaining('ECONNREFUSED')])
    expect(rule).not.toContain('blSPL')
  })

  test('that leads elsewhere is not followed', async () => {
    const elsewhere = await serve(good)
    const service = await serve({ [VCEK]: [status(302, { location: `${elsewhere.url}${VCEK}` })] })
    expect((await refusal(fetchPublished(await milan(), sources(service.url)))).code).toBe(
      'VENDOR_UNREACHABLE',
    )
    expect(elsewhere.asked).toEqual([])
  })
})

describe('the cache', () => {
  test('keeps what never changes, and nothing else', async () => {
    const service = await serve(good)
    const cache = await cacheFolder()
    await fetchPublished(await milan(), sources(service.url, { cache }))
    const again = await fetchPublished(await milan(), sources(service.url, { cache }))
    expect(service.asked).toEqual([VCEK, CHAIN, LIST, LIST])
    expect(again.map(({ bytes }) => bytes)).toEqual([vcek?.bytes, chain, list])
    expect(await readdir(cache)).toHaveLength(2)
    expect((await readdir(cache)).join()).not.toContain('c1c1')
  })

  test('that is damaged is asked for nothing', async () => {
    const service = await serve(good)
    const cache = await cacheFolder()
    await fetchPublished(await milan(), sources(service.url, { cache }))
    for (const name of await readdir(cache)) {
      const path = join(cache, name)
      await writeFile(path, (await readFile(path)).subarray(0, 100))
    }
    const again = await fetchPublished(await milan(), sources(service.url, { cache }))
    expect(again.map(({ bytes }) => bytes)).toEqual([vcek?.bytes, chain, list])
    expect(service.asked).toEqual([VCEK, CHAIN, LIST, VCEK, CHAIN, LIST])
  })
})

describe('what was fetched', () => {
  const month = (issued: number) => quoteGuest({ collateral: { issued, nextUpdate: issued + 2_592_000 } })
  const published = (files: readonly EvidenceFile[]) => files.filter(({ name }) => name !== 'quote.bin')

  test('takes the place of what it renews, in files or in a pack', async () => {
    const [old, now] = [await month(NOW - 3_000_000), await month(NOW - 1000)]
    const fetched = published(now)
    const quote = fileOf(now, 'quote.bin')
    const stale = [quote, ...published(old)]
    expect((await authenticated(stale)).failures.map(({ code }) => code)).toContain('COLLATERAL_EXPIRED')
    const pack = { name: 'pack', bytes: utf8(packEvidence(stale)) }
    for (const given of [stale, [pack]]) {
      const complete = renewed(given, fetched)
      expect((await authenticated(complete)).failures).toEqual([])
      expect(complete.map(({ name }) => name)).toContain('quote.bin')
    }
  })

  test('leaves the certificates of a file whose list it renews', async () => {
    const [certificate] = published(await month(NOW)).filter(({ name }) => name.endsWith('.der'))
    const [oldList, newList] = [NOW - 9, NOW - 5].map((thisUpdate) =>
      vendor.revoke('root', { thisUpdate, nextUpdate: NOW + 1, revoked: [] }),
    )
    const [before, after] = [await oldList, await newList]
    if (!certificate || !before || !after) throw new Error('there must be all of them')
    const both = concat(pemText(certificate.bytes), pemText(before.bytes, 'X509 CRL'))
    const kept = renewed([{ name: 'both.pem', bytes: both }], [after])
    expect(kept.map(({ bytes }) => bytes)).toEqual([certificate.bytes, after.bytes])
  })
})
