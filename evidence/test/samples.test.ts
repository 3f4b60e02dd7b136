import { describe, expect, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import {
  exitFor,
  exitOf,
  failuresOf,
  judge,
  openSample,
  SAMPLES,
  samplesIn,
  time,
  withChange,
} from '../testing/samples.js'

// Evidence of real machines, judged at every time that its collectors judged it at, and with every byte changed that they changed.
// What is to be said of one vendor's samples alone stands among that vendor's tests.

const ALL = Object.entries(SAMPLES).flatMap(([folder, names]) => names.map((name) => `${folder}/${name}`))

/** Those whose collectors changed no byte, besides what is false as it is. */
const UNCHANGED = [
  'nitro/debug-2025-08-2668d6-indefinite-map',
  'nitro/prod-2025-12-54ae0f-indefinite-map',
  'snp/milan-v2-with-amd-crl',
  ...SAMPLES['nvidia-gpu'].map((name) => `nvidia-gpu/${name}`),
  ...SAMPLES.tpm.map((name) => `tpm/${name}`),
]

test.for(Object.entries(SAMPLES))('these are all the samples there are of %s', ([folder, names], context) => {
  needs.samples(context)
  expect(samplesIn(folder)).toEqual(names)
})

test('what is undecidable for want of something that collectors did not count, is these', (context) => {
  needs.samples(context)
  const isOpen = (path: string): boolean => {
    const sample = openSample(path)
    const { outcome } = sample.expected
    return exitOf(path, sample, outcome) !== exitFor(outcome)
  }
  expect(ALL.filter(isOpen)).toEqual(['composite/secretvm-tdx-and-h100', 'tpm/rsa-quote-eight-pcrs'])
})

describe.each(ALL)('%s', (path) => {
  test('comes out as expected, at every time', async (context) => {
    needs.samples(context)
    const sample = openSample(path)
    const { given, expected, evaluations } = sample
    const times = [{ at: expected.verification_time, result: expected.outcome }, ...evaluations]
    for (const { at, result } of times)
      expect([at, await judge(given, time(at))]).toEqual([at, exitOf(path, sample, result)])
  })

  test('is refused with a byte changed, for what that byte breaks', { timeout: 60_000 }, async (context) => {
    needs.samples(context)
    const sample = openSample(path)
    const { expected, derived_negatives } = sample
    expect(derived_negatives.length > 0).toBe(!path.includes('/neg-') && !UNCHANGED.includes(path))
    for (const change of derived_negatives) {
      const { effect, result } = change
      const given = withChange(sample, change)
      const at = time(expected.verification_time)
      // A signature that still holds over bytes that no report has: undecidable, as it does not parse.
      const wanted = path.startsWith('snp/') && result === 'report signature still valid' ? 4 : 2
      expect([effect, await judge(given, at)]).toEqual([effect, wanted])
      if (!path.startsWith('nitro/')) continue
      const failures = await failuresOf(given, at)
      expect([effect, failures.map(({ code }) => code)]).toEqual([effect, ['EVIDENCE_SIGNATURE_FALSE']])
    }
  })
})
