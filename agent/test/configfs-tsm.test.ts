import { concat, fromHex, VouchError } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { configfsTsm, type Provider } from '../src/index.js'
import { splitCertificateTable } from '../src/providers/certificate-table.js'
import { errno, type FakeHardware, FakeTsm } from '../testing/fake-tsm.js'

// The provider against a kernel that keeps Linux's rules.

const DATA = Uint8Array.from({ length: 64 }, (_, i) => i + 1)
const VCEK = new Uint8Array(700).fill(0x30)
const ASK = new Uint8Array(900).fill(0x31)

/** A certificate table as a host lays it out. */
function table(...files: readonly Uint8Array[]): Uint8Array {
  const header = new Uint8Array(24 * (files.length + 1))
  const view = new DataView(header.buffer)
  let offset = header.length
  for (const [i, file] of files.entries()) {
    header.set(fromHex('63da758de6644564adc5f4b93be8accd'), 24 * i)
    view.setUint32(24 * i + 16, offset, true)
    view.setUint32(24 * i + 20, file.length, true)
    offset += file.length
  }
  return concat(header, ...files)
}

const snp: FakeHardware = {
  provider: 'sev_guest',
  report: (inblob, privlevel) => concat(new Uint8Array(80).fill(privlevel), inblob, new Uint8Array(1040)),
  auxblob: () => table(VCEK, ASK),
}
const tdx: FakeHardware = {
  provider: 'tdx_guest',
  has: (attribute) => !['auxblob', 'privlevel', 'privlevel_floor'].includes(attribute),
  report: (inblob) => concat(new Uint8Array(568), inblob, new Uint8Array(4000)),
}

let names = 0
function open(tsm: FakeTsm, privilegeLevel?: number): Promise<Provider> {
  const settings = {
    name: 'configfs-tsm' as const,
    ...(privilegeLevel === undefined ? {} : { privilegeLevel }),
  }
  const random = (size: number) => new Uint8Array(size).fill(names++)
  return configfsTsm(settings, { files: tsm, random, sleep: () => Promise.resolve() })
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work
    .then(() => expect.unreachable('nothing was refused'))
    .catch((thrown: unknown) => thrown)
  if (error instanceof VouchError) return error.code
  throw error
}

describe('configfs-tsm', () => {
  test('gives report and certificates of an SNP guest, and leaves no entry behind', async () => {
    const tsm = new FakeTsm(snp)
    const files = await (await open(tsm)).attest(DATA)
    expect(files).toEqual([snp.report(DATA, 0), VCEK, ASK])
    expect(tsm.entries.size).toBe(0)
  })

  test('gives the quote of a TDX guest, which has no certificates here', async () => {
    expect(await (await open(new FakeTsm(tdx))).attest(DATA)).toEqual([tdx.report(DATA, 0)])
  })

  test('asks for the privilege level that it is told, and no other', async () => {
    const [report] = await (await open(new FakeTsm(snp), 2)).attest(DATA)
    expect(report?.[0]).toBe(2)
    const floor = await open(new FakeTsm({ ...snp, privlevelFloor: 1 }), 0)
    expect(await codeOf(floor.attest(DATA))).toBe('PROVIDER_FAILED')
  })

  test.each(['', '\0'.repeat(63), 'x'.repeat(65)])(
    'does not pass off what the kernel refuses',
    async (data) => {
      const tsm = new FakeTsm(snp)
      const provider = await open(tsm)
      expect(await codeOf(provider.attest(new TextEncoder().encode(data)))).toBe('PROVIDER_FAILED')
      expect(tsm.entries.size).toBe(0)
    },
  )

  test('asks again when somebody writes between question and answer', async () => {
    const tsm = new FakeTsm(snp)
    const provider = await open(tsm)
    let disturbances = 0
    tsm.before = (call, path) => {
      if (call === 'read' && path.endsWith('/outblob') && disturbances++ < 2)
        tsm.disturb(path.replace('/outblob', ''), new Uint8Array(64).fill(9))
    }
    expect(await provider.attest(DATA)).toEqual([snp.report(DATA, 0), VCEK, ASK])
    expect(disturbances).toBe(3)
  })

  test('does not take a report for its own because the count is right', async () => {
    const tsm = new FakeTsm({ ...snp, report: () => snp.report(new Uint8Array(64), 0) })
    const provider = await open(tsm)
    expect(await codeOf(provider.attest(DATA))).toBe('PROVIDER_FAILED')
  })

  test.each(['EBUSY', 'EINTR', 'EAGAIN', 'ETXTBSY'])(
    'asks again after %s, but not for ever',
    async (code) => {
      const tsm = new FakeTsm(snp)
      const provider = await open(tsm)
      let failures = 4
      tsm.before = (call, path) => {
        if (call === 'read' && path.endsWith('/outblob') && failures-- > 0) throw errno(code)
      }
      expect(await provider.attest(DATA)).toHaveLength(3)
      failures = 1000
      expect(await codeOf(provider.attest(DATA))).toBe('PROVIDER_FAILED')
      expect(failures).toBe(995)
      expect(tsm.entries.size).toBe(0)
    },
  )

  test('gives up at once on what will not pass', async () => {
    const tsm = new FakeTsm(snp)
    const provider = await open(tsm)
    let asked = 0
    tsm.before = (call, path) => {
      if (call === 'read' && path.endsWith('/outblob') && asked++ >= 0) throw errno('EIO')
    }
    expect(await codeOf(provider.attest(DATA))).toBe('PROVIDER_FAILED')
    expect(asked).toBe(1)
  })

  test('takes another name where one is taken', async () => {
    const tsm = new FakeTsm(snp)
    const provider = await open(tsm)
    let taken = 2
    tsm.before = (call, path) => {
      if (call === 'mkdir' && taken-- > 0) tsm.entries.set(path, { ...EMPTY })
    }
    expect(await provider.attest(DATA)).toHaveLength(3)
    expect(tsm.entries.size).toBe(2)
    tsm.before = (call, path) => void (call === 'mkdir' && tsm.entries.set(path, { ...EMPTY }))
    expect(await codeOf(provider.attest(DATA))).toBe('PROVIDER_UNAVAILABLE')
  })

  test.each([
    ['a kernel without hardware', new FakeTsm()],
    ['hardware that is not known here', new FakeTsm({ ...snp, provider: 'arm-cca-guest' })],
  ])('%s is found at start', async (_, tsm) => {
    expect(await codeOf(open(tsm))).toBe('PROVIDER_UNAVAILABLE')
    expect(tsm.entries.size).toBe(0)
  })

  test('a kernel that lets nobody in is found at start', async () => {
    const tsm = new FakeTsm(snp)
    tsm.before = () => {
      throw errno('EACCES')
    }
    expect(await codeOf(open(tsm))).toBe('PROVIDER_UNAVAILABLE')
  })

  test('an answer is not lost because the entry stays', async () => {
    const tsm = new FakeTsm(snp)
    const provider = await open(tsm)
    tsm.before = (call) => {
      if (call === 'rmdir') throw errno('EBUSY')
    }
    expect(await provider.attest(DATA)).toHaveLength(3)
  })
})

const EMPTY = { inblob: new Uint8Array(), privlevel: 0, auxblob: new Uint8Array(), writes: 0n, reads: 0n }

describe('a certificate table', () => {
  test('is split into its certificates', () => {
    expect(splitCertificateTable(new Uint8Array())).toEqual([])
    expect(splitCertificateTable(table())).toEqual([])
    expect(splitCertificateTable(concat(table(VCEK, ASK), new Uint8Array(100)))).toEqual([VCEK, ASK])
  })

  const whole = table(VCEK)
  const changed = (at: number, value: number) => whole.map((byte, i) => (i === at ? value : byte))
  test.each([
    ['that ends in its entries', whole.subarray(0, 40)],
    ['without an end', whole.subarray(0, 24)],
    ['with a certificate behind its end', changed(18, 1)],
    ['with a certificate that goes on behind its end', changed(21, 0xff)],
    ['with a certificate without bytes', whole.map((byte, i) => (i >= 20 && i < 24 ? 0 : byte))],
    ['with an end that is none', changed(24 + 16, 1)],
    ['with too many entries', table(...new Array<Uint8Array>(16).fill(VCEK))],
  ])('%s is refused', (_, bytes) => {
    expect(() => splitCertificateTable(bytes)).toThrow(expect.objectContaining({ code: 'PROVIDER_FAILED' }))
  })
})
