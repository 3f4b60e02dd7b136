import { appraise, authenticate, type EvidenceFile, encodeReport, parseEvidence } from '@vouch/evidence'
import { toHex } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { needs } from '../../../test/support/needs.js'
import { genuineJson, genuinePolicy } from '../../testing/genuine.js'
import { judge, openSample, SAMPLES, time, withChange } from '../../testing/samples.js'
import { policyJson, policyOf } from '../../testing/simulated.js'

// Reports of real machines, judged at every time that their collectors judged them at, and with every byte changed that they changed.

interface Fields {
  readonly measurement: string
  readonly report_data: string
  readonly reported_tcb: Readonly<Record<string, unknown>>
}

const NAMES = SAMPLES.snp

/** The one with a genuine revocation list: its collectors read and changed nothing of the rest. */
const WITH_LIST = 'milan-v2-with-amd-crl'

const open = (name: string) => openSample<Fields>(`snp/${name}`)

describe.each(NAMES)('%s', (name) => {
  test('is written again as it was read, and says what its collectors read', async (context) => {
    needs.samples(context)
    const { given, expected, fields } = open(name)
    const { evidence } = await parseEvidence(given)
    if (evidence.format !== 'snp') throw new Error('these samples are reports')
    expect(encodeReport(evidence.report)).toEqual(evidence.bytes)
    const { authentic } = await authenticate(evidence, time(expected.verification_time))
    if (authentic === undefined || name === WITH_LIST) return
    const { claims } = authentic
    if (claims.kind !== 'sev-snp') throw new Error('these samples are genuine')
    const { bootloader, ...levels } = claims.tcb
    const { raw: _, bl, ...wanted } = fields.reported_tcb
    const { microcode, ...others } = levels
    expect({ ...others, bl: bootloader, ucode: microcode }).toEqual({ ...wanted, bl })
    expect(toHex(claims.measurement)).toBe(fields.measurement)
    expect(toHex(claims.reportData)).toBe(fields.report_data)
  })
})

for (const name of ['milan-v2', 'genoa-v3-host-data', 'turin-v5-host-data']) {
  test(`a policy for genuine machines takes ${name} by its measurement`, async (context) => {
    needs.samples(context)
    const { given, expected, fields } = open(name)
    const at = time(expected.verification_time)
    const { authentic } = await authenticate((await parseEvidence(given)).evidence, at)
    if (authentic === undefined) throw new Error(`${name} must be authentic`)
    expect(appraise(authentic, genuinePolicy([fields.measurement]), at, { nonce: null }).failures).toEqual([])
    const refused = appraise(authentic, genuinePolicy(['00'.repeat(48)]), at, { nonce: null })
    expect(refused.failures.map(({ code }) => code)).toEqual(['MEASUREMENT_NOT_ACCEPTED'])
  })
}

describe('a revocation list of AMD', () => {
  const DAY = 86_400
  const LIST = 'ark_milan_crl.der'
  const judged = async (given: readonly EvidenceFile[], at: number) =>
    authenticate((await parseEvidence(given)).evidence, at)

  test('is judged, and says since when and until when it speaks', async (context) => {
    needs.samples(context)
    const { given, expected } = open(WITH_LIST)
    const { authentic, notChecked } = await judged(given, time(expected.verification_time))
    expect(authentic?.claims.collateral).toEqual({
      oldest: time('2022-05-09T17:07:45Z'),
      nextUpdate: time('2023-05-09T23:00:00Z'),
      missing: [],
    })
    expect(notChecked.filter((left) => left.startsWith('revocation'))).toEqual([])
  })

  test('is what a policy that requires lists wants, as recent as it says', async (context) => {
    needs.samples(context)
    const { given, expected } = open(WITH_LIST)
    const at = time(expected.verification_time)
    const failuresUnder = async (files: readonly EvidenceFile[], maxAge: number) => {
      const { authentic } = await judged(files, at)
      if (authentic?.claims.kind !== 'sev-snp') throw new Error('it must be authentic')
      const json = genuineJson([toHex(authentic.claims.measurement)])
      const collateral = { revocation: 'required', max_age: maxAge, grace: DAY }
      const { failures } = appraise(authentic, policyOf({ ...json, collateral }), at, { nonce: null })
      return failures.filter(({ field }) => field.startsWith('collateral')).map(({ code }) => code)
    }
    const without = given.filter(({ name }) => name !== LIST)
    expect(await failuresUnder(given, 365 * DAY)).toEqual([])
    expect(await failuresUnder(given, 7 * DAY)).toEqual(['COLLATERAL_TOO_OLD'])
    expect(await failuresUnder(without, 365 * DAY)).toEqual(['COLLATERAL_MISSING'])
  })

  test('is false with a bit of it changed, wherever that leaves a list of the root', async (context) => {
    needs.samples(context)
    const sample = open(WITH_LIST)
    const size = sample.given.find(({ name }) => name === LIST)?.bytes.length ?? 0
    // The number of the list, and its signature: neither is anything but signed.
    for (const offset of [size - 1, size - 500, size - 600]) {
      const changed = withChange(sample, { file: LIST, offset, xor: '01' })
      expect([offset, await judge(changed, time(sample.expected.verification_time))]).toEqual([offset, 2])
    }
  })
})

test('a genuine machine is refused by a policy for simulated ones', async (context) => {
  needs.samples(context)
  const { given, expected } = open('milan-v2')
  const at = time(expected.verification_time)
  const { authentic } = await authenticate((await parseEvidence(given)).evidence, at)
  if (authentic === undefined) throw new Error('milan-v2 must be authentic')
  const { failures } = appraise(authentic, policyOf(policyJson), at, { nonce: null })
  expect(failures.map(({ code, wanted }) => [code, wanted])).toEqual([['KIND_NOT_ACCEPTED', 'simulated-snp']])
})
