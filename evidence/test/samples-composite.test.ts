import { encodeQuote, encodeSpdm, parseEvidence } from '@vouch/evidence'
import { describe, expect, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { exitOf, failuresOf, judge, openSample, samplesIn, time, withChange } from './support/samples.js'

// A real machine with a GPU in it.

const NAME = 'composite/secretvm-tdx-and-h100'

test('this is all the samples there are', (context) => {
  needs.samples(context)
  expect(samplesIn('composite').map((name) => `composite/${name}`)).toEqual([NAME])
})

describe(NAME, () => {
  // Its collectors say "valid", and know of no TCB info.
  test('cannot be decided without TCB info, at any time', async (context) => {
    needs.samples(context)
    const sample = openSample(NAME)
    const { given, expected, evaluations } = sample
    const times = [expected.verification_time, ...evaluations.map(({ at }) => at)]
    for (const at of times) {
      const failures = await failuresOf(given, time(at))
      expect(failures.map(({ code, rule }) => [code, rule])).toEqual([
        ['COLLATERAL_MISSING', 'the TCB info TDX must come with the quote'],
      ])
      expect(await judge(given, time(at))).toBe(exitOf(NAME, sample, expected.outcome))
    }
  })

  test('is false with a byte changed that its collectors changed', async (context) => {
    needs.samples(context)
    const sample = openSample(NAME)
    expect(sample.derived_negatives.length).toBeGreaterThan(0)
    for (const change of sample.derived_negatives) {
      const exit = await judge(withChange(sample, change), time(sample.expected.verification_time))
      expect([change.effect, exit]).toEqual([change.effect, 2])
    }
  })

  test('is false when a bit of its GPU’s evidence is flipped', async (context) => {
    needs.samples(context)
    const sample = openSample(NAME)
    const message = sample.given.find(({ name }) => name === 'evidence.bin')
    if (message === undefined) throw new Error('there must be a message')
    for (let bit = 0; bit < 8 * message.bytes.length; bit += 997) {
      const change = { file: message.name, offset: bit >> 3, xor: (1 << (bit & 7)).toString(16) }
      const failures = await failuresOf(withChange(sample, change), time(sample.expected.verification_time))
      // What does not parse any more cannot be decided; what does, is not what was signed.
      expect([bit, failures.some(({ code }) => code !== 'COLLATERAL_MISSING')]).toEqual([bit, true])
    }
  })

  test('is written again as it was read', async (context) => {
    needs.samples(context)
    const { given } = openSample(NAME)
    const { evidence, ignored } = await parseEvidence(given)
    if (evidence.format !== 'composite' || evidence.machine.format !== 'dcap')
      throw new Error('it must be a quote with devices')
    const bytesOf = (name: string) => given.find((file) => file.name === name)?.bytes
    expect(encodeQuote(evidence.machine.quote)).toEqual(bytesOf('quote.bin'))
    expect(evidence.devices.messages.map(encodeSpdm)).toEqual([bytesOf('evidence.bin')])
    expect(ignored).toEqual(['driver_rim_550.144.03.xml'])
  })
})
