import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256 } from '@noble/hashes/sha2.js'
import {
  appraise,
  authenticate,
  bindsReportData,
  encodeEventLog,
  NOT_CONFIDENTIAL,
  parseAdmissionPolicy,
  parseEvidence,
  type TpmClaims,
} from '@vouch/evidence'
import { ascii, concat, shortReportData, toHex } from '@vouch/protocol'
import { afterEach, beforeEach, describe, expect, type TestContext, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { openProvider } from '../node/providers/index.js'
import type { Provider, ProviderSettings } from '../src/index.js'
import { type SoftwareTpm, startSoftwareTpm } from '../testing/swtpm.js'

// The provider against a TPM that is real but for its being software.

const NOW = 1_800_000_000
const PCRS = [0, 2, 4, 7, 11]
const DATA = Uint8Array.from({ length: 64 }, (_, i) => 200 - i)

let tpm: SoftwareTpm | undefined
let folder: string
beforeEach(async (context: TestContext) => {
  needs.swtpm(context)
  needs.tpm2Tools(context)
  tpm = await startSoftwareTpm()
  folder = await mkdtemp(join(tmpdir(), 'vouch-tpm-test-'))
})
afterEach(async () => {
  if (tpm === undefined) return
  await tpm.stop()
  await rm(folder, { recursive: true })
  tpm = undefined
})

const started = (): SoftwareTpm => tpm ?? expect.unreachable('no TPM was started')

function open(more: object = {}): Promise<Provider> {
  const handle = Uint8Array.of(0x81, 0x01, 0x00, 0x02)
  const settings = { name: 'tpm', tcti: started().tcti, handle, bank: 'sha256', pcrs: PCRS, ...more }
  return openProvider(settings as ProviderSettings, (path) => join(folder, path))
}

/** What evidence says, its key taken for granted. */
async function claimsIn(evidence: readonly Uint8Array[]) {
  const files = evidence.map((bytes, i) => ({ name: `${i}`, bytes }))
  const parsed = await parseEvidence(files)
  expect(parsed.ignored).toEqual([])
  const { authentic, failures } = await authenticate(parsed.evidence, NOW)
  if (authentic === undefined) throw new Error(failures.map(({ rule }) => rule).join(', '))
  return { authentic, claims: authentic.claims as TpmClaims }
}

const policyFor = (key: Uint8Array, values: Readonly<Record<string, Uint8Array>>) =>
  parseAdmissionPolicy(
    JSON.stringify({
      version: 1,
      name: 'a TPM of ours',
      evidence: {
        tpm: {
          confidential: NOT_CONFIDENTIAL,
          roots: [],
          keys: [toHex(key)],
          firmware: 'any',
          hashes: ['sha256'],
          boot: 'unified_kernel',
          bank: 'sha256',
          pcrs: Object.entries(values).map(([index, value]) => ({
            index: Number(index),
            values: [toHex(value)],
          })),
        },
      },
      os_images: ['05'.repeat(32)],
      quota: 1,
      ttl: 172_800,
      collateral: { revocation: 'when_given', max_age: 604_800, grace: 86_400 },
    }),
  )

interface Measured {
  readonly register: number
  readonly data: Uint8Array
  readonly digest: Uint8Array
}

const SHA256 = 0x000b
const EV_IPL = 0x0d

/** A crypto-agile log of these, as firmware keeps it. */
function logOf(measured: readonly Measured[]): Uint8Array {
  const version = Uint8Array.of(0, 0, 0, 0, 0, 2, 0, 2)
  const algorithms = Uint8Array.of(1, 0, 0, 0, SHA256, 0, 32, 0)
  return encodeEventLog({
    header: { register: 0, data: concat(ascii('Spec ID Event03\0'), version, algorithms, Uint8Array.of(0)) },
    algorithms: [{ id: SHA256, size: 32 }],
    events: measured.map(({ register, data, digest }) => ({
      register,
      type: EV_IPL,
      digests: [{ algorithm: SHA256, digest }],
      data,
    })),
    fill: new Uint8Array(),
  })
}

describe('a TPM', () => {
  test('gives a quote that binds REPORT_DATA, by a key that a policy may name', async () => {
    started().run('tpm2_pcrextend', `4:sha256=${'ab'.repeat(32)}`)
    const { authentic, claims } = await claimsIn(await (await open()).attest(DATA))
    expect(bindsReportData(claims, DATA)).toBe(true)
    expect(claims).toMatchObject({
      kind: 'tpm',
      slots: [{ name: 'extraData', bytes: shortReportData(DATA), holds: 'short_report_data' }],
      quote: { scheme: 'ecdsa', hash: 'sha256', selected: { sha256: PCRS.join(', ') } },
    })
    const values = claims.quote.pcrs.sha256 ?? {}
    const policy = policyFor(claims.attestationKey, values)
    expect(appraise(authentic, policy, NOW, { nonce: shortReportData(DATA) }).failures).toEqual([])
    const other = policyFor(claims.attestationKey, { ...values, 4: new Uint8Array(32) })
    expect(appraise(authentic, other, NOW, { nonce: null }).failures.map(({ field }) => field)).toEqual([
      'pcrs.4',
    ])
  })

  test('keeps its key, whoever opens it, and gives no room away', async () => {
    const first = await open()
    const keys: string[] = []
    for (const provider of [first, first, first, first, await open()])
      keys.push(toHex((await claimsIn(await provider.attest(DATA))).claims.attestationKey))
    expect(new Set(keys).size).toBe(1)
    expect(started().run('tpm2_getcap', 'handles-transient')).toBe('')
    const elsewhere = await open({ handle: Uint8Array.of(0x81, 0x01, 0x00, 0x03) })
    expect(keys).not.toContain(toHex((await claimsIn(await elsewhere.attest(DATA))).claims.attestationKey))
  })

  test('with the log of its firmware gives evidence that the log leads to', async () => {
    const measured = [
      { register: 0, text: 'firmware 1.0' },
      { register: 4, text: 'boot loader' },
      { register: 4, text: 'kernel' },
      { register: 7, text: 'secure boot: on' },
    ].map(({ register, text }) => ({ register, data: ascii(text), digest: sha256(ascii(text)) }))
    for (const { register, digest } of measured)
      started().run('tpm2_pcrextend', `${register}:sha256=${toHex(digest)}`)
    await writeFile(join(folder, 'firmware.log'), logOf(measured))
    const provider = await open({ eventLog: 'firmware.log' })
    const { claims } = await claimsIn(await provider.attest(DATA))
    expect(claims.quote.replayed).toBe('sha256:0, sha256:4, sha256:7')

    await writeFile(join(folder, 'firmware.log'), logOf(measured.toReversed()))
    const files = (await provider.attest(DATA)).map((bytes, i) => ({ name: `${i}`, bytes }))
    const { failures } = await authenticate((await parseEvidence(files)).evidence, NOW)
    expect(failures.map(({ code, given }) => [code, given])).toEqual([['EVENT_LOG_FALSE', 'not to sha256:4']])
  })

  test('hands on what it is told to: certificates, and the log of its firmware', async () => {
    const [log, certificate] = ['firmware.log', 'key.der']
    await writeFile(join(folder, log), 'a log')
    await writeFile(join(folder, certificate), 'a certificate')
    const evidence = await (await open({ certificates: [certificate], eventLog: log })).attest(DATA)
    expect(evidence.slice(-2).map((bytes) => new TextDecoder().decode(bytes))).toEqual([
      'a certificate',
      'a log',
    ])
    await writeFile(join(folder, log), new Uint8Array(65_537))
    const tooLarge = (await open({ eventLog: log })).attest(DATA)
    await expect(tooLarge).rejects.toMatchObject({ code: 'PROVIDER_FAILED' })
  })
})

test('what tpm2-tools write of a quote is read as it is', async () => {
  const tpm = started()
  const path = (name: string) => join(folder, name)
  const run = (tool: string, ...args: readonly string[]): void => {
    tpm.run(tool, ...args)
    tpm.run('tpm2_flushcontext', '-t')
  }
  const ecdsa = ['-G', 'ecc', '-g', 'sha256', '-s', 'ecdsa']
  run('tpm2_createek', '-G', 'ecc', '-c', path('ek.ctx'))
  run('tpm2_createak', '-C', path('ek.ctx'), '-c', path('ak.ctx'), ...ecdsa, '-u', path('ak.pub'))
  run('tpm2_pcrextend', `4:sha256=${'ab'.repeat(32)}`)
  const files = ['ak.pub', 'quote.msg', 'quote.sig', 'pcrs.out']
  const selected = 'sha256:0,1,2,3,4,5,6,7,8,9,10,23+sha1:2,4'
  const out = ['-m', path('quote.msg'), '-s', path('quote.sig'), '-o', path('pcrs.out')]
  run('tpm2_quote', '-c', path('ak.ctx'), '-l', selected, '-q', 'aa', '-g', 'sha256', ...out)
  const evidence = await Promise.all(files.map(async (name) => new Uint8Array(await readFile(path(name)))))
  const { claims } = await claimsIn(evidence)
  expect(Object.keys(claims.quote.pcrs.sha256 ?? {})).toHaveLength(12)
  expect(Object.keys(claims.quote.pcrs.sha1 ?? {})).toEqual(['2', '4'])
  run('tpm2_pcrextend', `4:sha256=${'cd'.repeat(32)}`)
  run('tpm2_quote', '-c', path('ak.ctx'), '-l', selected, '-q', 'aa', '-g', 'sha256', '-o', path('pcrs.out'))
  const later = [...evidence.slice(0, 3), new Uint8Array(await readFile(path('pcrs.out')))]
  await expect(claimsIn(later)).rejects.toThrow(
    'the PCR values must be those that the quote has the digest of',
  )
})

describe('is refused', () => {
  test('a handle that is not persistent', async () => {
    const handle = Uint8Array.of(0x80, 0, 0, 1)
    await expect(open({ handle })).rejects.toMatchObject({ code: 'CONFIGURATION_UNSOUND' })
  })

  test('a TPM that is not there', async () => {
    await expect(open({ tcti: 'swtpm:path=/nowhere' })).rejects.toMatchObject({ code: 'PROVIDER_FAILED' })
  })

  test('a PCR that the TPM has not', async () => {
    const asked = (await open({ pcrs: [24] })).attest(DATA)
    await expect(asked).rejects.toMatchObject({ code: expect.stringMatching(/^PROVIDER_/) })
  })

  test('a machine without tpm2-tools', async () => {
    const path = process.env.PATH
    process.env.PATH = '/nowhere'
    try {
      await expect(open()).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' })
    } finally {
      process.env.PATH = path
    }
  })
})
