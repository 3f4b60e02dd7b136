import { appraise, authenticate, encodeReport, parseEvidence } from '@vouch/evidence'
import { toHex } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { genuinePolicy } from './support/genuine.js'
import { exitFor, judge, openSample, samplesIn, time, withChange } from './support/samples.js'
import { policyJson, policyOf } from './support/simulated.js'

// Reports of real machines, judged at every time that their collectors judged them at, and with every byte changed that they changed.

interface Fields {
  readonly measurement: string
  readonly report_data: string
  readonly reported_tcb: Readonly<Record<string, unknown>>
}

const NAMES = [
  'genoa-v3-host-data',
  'milan-v2',
  'milan-v2-debug-policy',
  'milan-v3-vlek-aws',
  'milan-v5-gcp',
  'milan-v5-gcp-x25519-bound',
  'neg-vcek-of-another-chip',
  'turin-v5-host-data',
]

const open = (name: string) => openSample<Fields>(`snp/${name}`)

test('these are all the samples there are', (context) => {
  needs.samples(context)
  expect(samplesIn('snp')).toEqual(NAMES)
})

describe.each(NAMES)('%s', (name) => {
  test('comes out as expected, at every time', async (context) => {
    needs.samples(context)
    const { given, expected, evaluations } = open(name)
    expect(await judge(given, time(expected.verification_time))).toBe(exitFor(expected.outcome))
    for (const { at, result } of evaluations)
      expect([at, await judge(given, time(at))]).toEqual([at, exitFor(result)])
  })

  test('is refused with a byte changed, for what that byte breaks', async (context) => {
    needs.samples(context)
    const sample = open(name)
    const { expected, derived_negatives } = sample
    expect(derived_negatives.length > 0).toBe(!name.startsWith('neg-'))
    for (const change of derived_negatives) {
      const { effect, result } = change
      // A signature that still holds over bytes that no report has: undecidable, as it does not parse.
      const wanted = result === 'report signature still valid' ? 4 : 2
      const exit = await judge(withChange(sample, change), time(expected.verification_time))
      expect([effect, exit]).toEqual([effect, wanted])
    }
  })

  test('is written again as it was read, and says what its collectors read', async (context) => {
    needs.samples(context)
    const { given, expected, fields } = open(name)
    const { evidence } = await parseEvidence(given)
    if (evidence.format !== 'snp') throw new Error('these samples are reports')
    expect(encodeReport(evidence.report)).toEqual(evidence.bytes)
    const { authentic } = await authenticate(evidence, time(expected.verification_time))
    if (authentic === undefined) return
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

test('a genuine machine is refused by a policy for simulated ones', async (context) => {
  needs.samples(context)
  const { given, expected } = open('milan-v2')
  const at = time(expected.verification_time)
  const { authentic } = await authenticate((await parseEvidence(given)).evidence, at)
  if (authentic === undefined) throw new Error('milan-v2 must be authentic')
  const { failures } = appraise(authentic, policyOf(policyJson), at, { nonce: null })
  expect(failures.map(({ code, wanted }) => [code, wanted])).toEqual([['KIND_NOT_ACCEPTED', 'simulated-snp']])
})
