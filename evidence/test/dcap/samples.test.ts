import {
  authenticate,
  type DcapEvidence,
  type EvidenceFile,
  encodeEventLog,
  encodeQuote,
  parseEvidence,
} from '@vouch/evidence'
import { equalBytes, toHex } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { needs } from '../../../test/support/needs.js'
import {
  exitFor,
  failuresOf,
  judge,
  openSample,
  SAMPLES,
  type Sample,
  time,
  withChange,
} from '../../testing/samples.js'

// Quotes of real machines, with the collateral that Intel published for them.

const NAMES = (['sgx', 'tdx'] as const).flatMap((folder) =>
  SAMPLES[folder].map((name) => `${folder}/${name}`),
)
interface Fields {
  readonly report_data: string
  readonly tcb_status: { readonly combined: string; readonly advisory_ids: readonly string[] }
  readonly collateral: { readonly tcb_info: { readonly tcb_evaluation_data_number: number } }
  readonly trailing_bytes: number
  readonly pck: { readonly fmspc: string; readonly tcb_comps: readonly number[] }
  readonly event_log: { readonly events: number }
  readonly enclave_debug: boolean
  readonly td_debug: boolean
  readonly [register: string]: unknown
}

const open = (name: string) => openSample<Fields>(name)
const GENUINE = NAMES.filter((name) => !name.includes('/neg-'))

async function read({ given }: Sample): Promise<DcapEvidence> {
  const { evidence } = await parseEvidence(given)
  if (evidence.format !== 'dcap') throw new Error('these samples are quotes')
  return evidence
}

/** As little as can be judged: every file once. */
const LEAN = [
  'quote.bin',
  'tcb_info.json',
  'qe_identity.json',
  'tcb_signing_chain.pem',
  'pck_crl.der',
  'root_ca_crl.der',
]
const lean = (files: readonly EvidenceFile[]): readonly EvidenceFile[] =>
  files.filter(({ name }) => LEAN.includes(name))

const codes = async (files: readonly EvidenceFile[], at: number): Promise<readonly string[]> =>
  (await failuresOf(files, at)).map(({ code }) => code)

describe.each(NAMES)('%s', (name) => {
  test('is written again as it was read', async (context) => {
    needs.samples(context)
    const { quote, bytes } = await read(open(name))
    expect(encodeQuote(quote)).toEqual(bytes)
  })
})

describe.each(GENUINE)('%s', (name) => {
  test('says what its collectors read', async (context) => {
    needs.samples(context)
    const sample = open(name)
    const { authentic } = await authenticate(await read(sample), time(sample.expected.verification_time))
    if (authentic === undefined) throw new Error(`${name} must be authentic`)
    const { claims } = authentic
    const { fields } = sample
    if (claims.kind !== 'tdx' && claims.kind !== 'sgx') throw new Error('these are quotes of TDX and SGX')
    expect(toHex(claims.reportData)).toBe(fields.report_data)
    expect(claims.tcb.status).toBe(fields.tcb_status.combined.replace(/^not supported.*/, 'NotSupported'))
    expect(claims.tcb.platform.advisories).toEqual(fields.tcb_status.advisory_ids)
    expect(claims.tcb.evaluationDataNumber).toBe(fields.collateral.tcb_info.tcb_evaluation_data_number)
    expect(claims.padding + claims.trailing).toBe(fields.trailing_bytes)
    expect(toHex(claims.platform.fmspc)).toBe(fields.pck.fmspc)
    expect(claims.platform.svns).toEqual(fields.pck.tcb_comps)
    if ('mrEnclave' in claims) {
      expect([toHex(claims.mrEnclave), toHex(claims.mrSigner)]).toEqual([fields.mrenclave, fields.mrsigner])
      expect(claims.debug).toBe(fields.enclave_debug)
      return
    }
    const { mrtd, rtmr0, rtmr1, rtmr2, rtmr3 } = claims.measurements
    expect([mrtd, rtmr0, rtmr1, rtmr2, rtmr3].map(toHex)).toEqual([
      fields.mr_td,
      fields.rtmr0,
      fields.rtmr1,
      fields.rtmr2,
      fields.rtmr3,
    ])
    expect(claims.tdAttributes.debug).toBe(fields.td_debug)
  })

  test('is undecidable without any one of the files it needs', { timeout: 60_000 }, async (context) => {
    needs.samples(context)
    const { given, expected } = open(name)
    const at = time(expected.verification_time)
    const needed = lean(given)
    expect(needed.map((file) => file.name).sort()).toEqual([...LEAN].sort())
    expect(await judge(needed, at)).toBe(exitFor(expected.outcome))
    for (const missing of needed) {
      const rest = needed.filter((file) => file !== missing)
      const code = missing.name === 'quote.bin' ? 'EVIDENCE_MISSING' : 'COLLATERAL_MISSING'
      expect([missing.name, await codes(rest, at), await judge(rest, at)]).toEqual([
        missing.name,
        expect.arrayContaining([code]),
        4,
      ])
    }
  })
})

test('what Intel says of an old platform is put into words', async (context) => {
  needs.samples(context)
  const { given, expected } = open('tdx/v4-debug-td')
  const [, status] = await failuresOf(given, time(expected.verification_time))
  expect(status?.given).toBe(
    'TCB OutOfDate since 2023-08-09 (SGX SVN 1: 5 < 7, SGX SVN 2: 5 < 7, TDX SVN 1: 3 < 5, TDX SVN 3: 5 < 7), INTEL-SA-00837, INTEL-SA-00960, INTEL-SA-00982, INTEL-SA-00986',
  )
})

describe('collateral in one file', () => {
  const names = ['tdx/v4-uptodate-b0c06f', 'tdx/v5-td15-tcb-unsupported', 'sgx/v3-hello-world']

  test.for(names)('%s is judged by its quote and that file alone', async (name, context) => {
    needs.samples(context)
    const { given, expected } = open(name)
    const two = given.filter((file) => ['quote.bin', 'collateral.json'].includes(file.name))
    expect(two).toHaveLength(2)
    expect(await judge(two, time(expected.verification_time))).toBe(exitFor(expected.outcome))
  })

  test('conflicts with a file that says something else', async (context) => {
    needs.samples(context)
    const { given, expected } = open('tdx/v4-uptodate-b0c06f')
    const other = open('tdx/v5-td15-uptodate-90c06f').given
    for (const name of ['tcb_info.json', 'qe_identity.json', 'pck_crl.der']) {
      const stranger = other.filter((file) => file.name === name)
      expect([name, await codes([...given, ...stranger], time(expected.verification_time))]).toEqual([
        name,
        expect.arrayContaining(['COLLATERAL_CONFLICT']),
      ])
    }
  })
})

describe('the event log', () => {
  const name = 'tdx/v4-gce-cos-event-log'

  test('is written again as it was read, and leads to the registers', async (context) => {
    needs.samples(context)
    const sample = open(name)
    const { eventLog, ...evidence } = await read(sample)
    if (eventLog === undefined) throw new Error('there must be a log')
    const file = sample.given.find((entry) => entry.name === 'ccel_data.bin')
    expect(equalBytes(encodeEventLog(eventLog), file?.bytes ?? new Uint8Array())).toBe(true)
    expect(eventLog.events).toHaveLength(sample.fields.event_log.events)
    const at = time(sample.expected.verification_time)
    const { authentic } = await authenticate({ ...evidence, eventLog }, at)
    expect(authentic?.claims).toMatchObject({ eventLog: { events: eventLog.events.length } })
  })

  test('that leads elsewhere is false', async (context) => {
    needs.samples(context)
    const sample = open(name)
    const at = time(sample.expected.verification_time)
    const log = { file: 'ccel_data.bin', xor: '01' }
    // The first digest behind the first event, that of 65 bytes: register, type, number of digests, algorithm.
    expect(await codes(withChange(sample, { ...log, offset: 65 + 14 }), at)).toEqual(['EVENT_LOG_FALSE'])
    expect(await judge(withChange(sample, { ...log, offset: 65 + 14 }), at)).toBe(2)
    // A byte of the fill.
    expect(await judge(withChange(sample, { ...log, offset: 200_000 }), at)).toBe(4)
  })
})
