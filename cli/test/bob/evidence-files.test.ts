import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pemText } from '@vouch/evidence/testing/bytes'
import { ok, status, type VendorService, vendorService } from '@vouch/evidence/testing/vendor-service'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSimulatedVendor } from '../../../fixtures/simulated-vendor/index.js'
import { BOB, type Run, run } from '../../testing/bob.js'

// `bob evidence show`, `pack` and `fetch` as processes.

const AT = ['--at', '1800000000']

const bob = (...args: readonly string[]): Promise<Run> => run([...BOB, 'evidence', ...args])

let folder: string
let files: readonly string[]
const path = (name: string): string => join(folder, name)

const chip = { chipId: new Uint8Array(64).fill(0xc1) }
const report = {
  reportData: new TextEncoder().encode('x'.repeat(64)),
  measurement: new Uint8Array(48).fill(0x3e),
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-evidence-files-'))
  const evidence = await openSimulatedVendor().attest(chip, report)
  files = await Promise.all(
    evidence.map(async ({ name, bytes }) => {
      await writeFile(path(name), bytes)
      return path(name)
    }),
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('bob evidence show', () => {
  test('explains fields, each with its place', async () => {
    const { exit, stdout, stderr } = await bob('show', ...files)
    expect([exit, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/report\.bin: SEV-SNP: ATTESTATION_REPORT\n {2}0x000 {2}VERSION +05000000 +5\n/)
    expect(stdout).toMatch(/ {2}0x050 {2}REPORT_DATA +(78){64} +"x{64}"\n/)
    expect(stdout).toContain('the pinned root simulated vendor')
  })

  test('in JSON gives what stands there', async () => {
    const { stdout } = await bob('show', path('report.bin'), '--json')
    const [explained] = JSON.parse(stdout)
    expect(explained.fields).toContainEqual({
      name: 'MEASUREMENT',
      offset: 0x90,
      size: 48,
      value: '3e'.repeat(48),
    })
  })

  test('ends with 4 for what cannot be read, and 1 for what is not there', async () => {
    const spoiled = path('spoiled.bin')
    await writeFile(spoiled, (await readFile(path('report.bin'))).fill(1, 0x4c, 0x4d))
    const refused = await bob('show', spoiled)
    expect([refused.exit, refused.stdout]).toEqual([4, ''])
    expect((await bob('show', path('nowhere'))).exit).toBe(1)
  })
})

describe('bob evidence pack', () => {
  test('makes one file with one name, which is judged as all of them are', async () => {
    const packs = [path('a.json'), path('b.json')]
    const names = [
      await bob('pack', ...files, '--out', packs[0] ?? ''),
      await bob('pack', ...files.toReversed(), '--out', packs[1] ?? ''),
    ].map(({ exit, stdout }) => [exit, stdout])
    expect(names[0]).toEqual([0, expect.stringMatching(/^sha256:[0-9a-f]{64}\n$/)])
    expect(names[1]).toEqual(names[0])
    const judge = async (...given: readonly string[]) =>
      JSON.parse((await bob(...given, ...AT, '--json')).stdout)
    expect(await judge(packs[0] ?? '')).toEqual(await judge(...files))
    expect(await readFile(packs[0] ?? '', 'utf8')).not.toContain(folder)
  })

  test('is refused without evidence, and with a byte changed', async () => {
    const pack = path('c.json')
    expect((await bob('pack', ...files.slice(1), '--out', pack)).exit).toBe(4)
    await bob('pack', ...files, '--out', pack)
    await writeFile(pack, (await readFile(pack, 'utf8')).replace('3e3e', '3f3e'))
    const { exit, stdout } = await bob(pack, '--json')
    expect([exit, JSON.parse(stdout)]).toEqual([
      4,
      expect.objectContaining({ verdict: 'undecided', kind: null, claims: null }),
    ])
  })
})

describe('bob evidence fetch', () => {
  const below = '/vcek/v1/Milan'
  const vcekPath = `${below}/${'c1'.repeat(64)}?blSPL=04&teeSPL=00&snpSPL=24&ucodeSPL=220`

  /** A report of a Milan machine in a folder of its own. */
  async function milan(name: string): Promise<string> {
    const fields = { cpuid: [0x19, 1, 1] as const }
    const [file] = await openSimulatedVendor().attest(chip, { ...report, fields })
    await mkdir(path(name))
    await writeFile(path(`${name}/report.bin`), file?.bytes ?? '')
    return path(`${name}/report.bin`)
  }

  /** A mirror that has all that a Milan machine needs. */
  async function whole(): Promise<VendorService> {
    const [vcek, intermediate, root] = await Promise.all(files.slice(1).map((file) => readFile(file)))
    const chain = [intermediate, root].map((der) =>
      new TextDecoder().decode(pemText(der ?? new Uint8Array())),
    )
    const list = await openSimulatedVendor().revoke('root', { thisUpdate: 1, nextUpdate: 2, revoked: [] })
    return vendorService({
      [vcekPath]: [ok(vcek ?? '')],
      [`${below}/cert_chain`]: [ok(chain.join(''))],
      [`${below}/crl`]: [ok(list.bytes)],
    })
  }

  test('writes beside the evidence what a mirror has, after having waited as it was told to', async () => {
    const [vcek, intermediate, root] = await Promise.all(files.slice(1).map((file) => readFile(file)))
    const chain = [intermediate, root].map((der) =>
      new TextDecoder().decode(pemText(der ?? new Uint8Array())),
    )
    const list = await openSimulatedVendor().revoke('root', { thisUpdate: 1, nextUpdate: 2, revoked: [] })
    const mirror = await vendorService({
      [vcekPath]: [status(429, { 'retry-after': '1' }), ok(vcek ?? '')],
      [`${below}/cert_chain`]: [ok(chain.join(''))],
      [`${below}/crl`]: [ok(list.bytes)],
    })
    try {
      const evidence = await milan('whole')
      const run = await bob('fetch', evidence, '--mirror', mirror.url, '--cache', path('cache'), '--json')
      expect([run.exit, run.stderr]).toEqual([0, 'bob: asked to wait: 1 s\n'])
      expect(JSON.parse(run.stdout).written).toContainEqual({
        file: path('whole/vcek.der'),
        from: `${mirror.url}${vcekPath}`,
      })
      expect((await readdir(path('whole'))).sort()).toEqual([
        'ark_crl.der',
        'cert_chain.pem',
        'report.bin',
        'vcek.der',
      ])
      expect(await readFile(path('whole/vcek.der'))).toEqual(vcek)
      expect(await readdir(path('cache'))).toHaveLength(2)
    } finally {
      await mirror.close()
    }
  })

  test('writes nothing when something is missing: 4', async () => {
    const mirror = await vendorService({ [vcekPath]: [ok(await readFile(files[1] ?? ''))] })
    try {
      const run = await bob('fetch', await milan('half'), '--mirror', mirror.url)
      expect([run.exit, run.stdout]).toEqual([4, ''])
      expect(run.stderr).toContain('[VENDOR_UNREACHABLE]')
      expect(run.stderr).toContain('bob: hint: try again later')
      expect(await readdir(path('half'))).toEqual(['report.bin'])
    } finally {
      await mirror.close()
    }
  })

  test('does not write over what is there and says something else, unless it is told to', async () => {
    const service = await whole()
    try {
      const evidence = await milan('taken')
      await writeFile(path('taken/ark_crl.der'), 'mine')
      const refused = await bob('fetch', evidence, '--mirror', service.url)
      expect([refused.exit, refused.stderr]).toEqual([1, expect.stringContaining('[FILE_NOT_WRITTEN]')])
      expect((await readdir(path('taken'))).sort()).toEqual(['ark_crl.der', 'report.bin'])
      expect((await bob('fetch', evidence, '--mirror', service.url, '--replace')).exit).toBe(0)
      expect((await readFile(path('taken/ark_crl.der'))).length).toBeGreaterThan(100)
      expect((await bob('fetch', evidence, '--mirror', service.url)).exit).toBe(0) // the same again
    } finally {
      await service.close()
    }
  })

  test('completes a pack, with what is new in the place of what it renews', async () => {
    const service = await whole()
    try {
      const old = await openSimulatedVendor().revoke('root', { thisUpdate: 0, nextUpdate: 1, revoked: [] })
      await writeFile(path('old.der'), old.bytes)
      const pack = path('month.json')
      await bob('pack', await milan('packed'), path('old.der'), '--out', pack)
      const before = await readFile(pack)
      const run = await bob('fetch', pack, '--mirror', service.url, '--out', path('next.json'), '--json')
      expect(run).toMatchObject({ exit: 0, stderr: '' })
      expect(await readFile(pack)).toEqual(before)
      const named = JSON.parse(await readFile(path('next.json'), 'utf8')) as {
        evidence: readonly { name: string }[]
      }
      expect(named.evidence.map(({ name }) => name)).toEqual([
        'vcek.der',
        'report.bin',
        'ark_crl.der',
        'cert_chain.pem',
      ])
      // Judged by all that it needs: nothing is missing, and no list contradicts another.
      const judged = JSON.parse((await bob(path('next.json'), '--at', '1', '--json')).stdout)
      const codes = judged.failures.map(({ code }: { code: string }) => code)
      expect(codes).not.toContain('COLLATERAL_MISSING')
      expect(codes).not.toContain('COLLATERAL_CONFLICT')
      // Where it lies, unless it is told otherwise; again, nothing changes.
      const inPlace = await bob('fetch', pack, '--mirror', service.url, '--json')
      expect([inPlace.exit, JSON.parse(inPlace.stdout).name]).toEqual([0, JSON.parse(run.stdout).name])
      expect(await readFile(pack)).toEqual(await readFile(path('next.json')))
    } finally {
      await service.close()
    }
  })

  test('ends with 1 for two places to write to', async () => {
    const run = await bob('fetch', ...files, '--to', folder, '--out', path('x.json'))
    expect([run.exit, run.stderr]).toEqual([1, expect.stringContaining('[USAGE]')])
  })

  test('ends with 1 for a mirror that is no URL', async () => {
    const run = await bob('fetch', ...files, '--mirror', 'ftp://mirror')
    expect([run.exit, run.stderr]).toEqual([1, expect.stringContaining('[USAGE]')])
  })
})
