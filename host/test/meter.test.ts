import { metrics as telemetry } from '@opentelemetry/api'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fewCombinations, NO_METER } from '../node/metrics/meter.js'
import { openMeter } from '../node/metrics/open-meter.js'
import { parseExposition, seriesSum } from '../testing/exposition.js'

const COLOURS = { name: 'vouch_colours_total', help: 'Colours', labels: { colour: ['red', 'blue'] } } as const

describe('a meter', () => {
  test('counts under the values of a closed list, and takes every other for one', async () => {
    const meter = await openMeter()
    const count = meter.counter<'colour'>(COLOURS)
    for (const colour of ['red', 'red', 'secret-1', 'secret-2']) count({ colour })
    const text = await meter.text()
    const families = parseExposition(text)
    const of = (colour: string) => seriesSum(families, COLOURS.name, { colour })
    expect([of('red'), of('blue'), of('other')]).toEqual([2, 0, 2])
    expect(text).not.toContain('secret')
  })

  test('shows a counter with few values before its first event, and of one with many only what came', async () => {
    const meter = await openMeter()
    meter.counter<'colour'>(COLOURS)
    const many = Array.from({ length: 300 }, (_, i) => `v${i}`)
    meter.counter<'v'>({ name: 'vouch_many_total', help: 'Many', labels: { v: many } })
    const families = parseExposition(await meter.text())
    expect(families.get(COLOURS.name)?.series.map(({ labels }) => labels.colour)).toEqual(['red', 'blue'])
    expect(families.get('vouch_many_total')?.series).toEqual([])
    const both = { name: 'n', help: 'h', labels: { a: ['1', '2'], b: ['3', '4'] } }
    expect(fewCombinations<'a' | 'b'>(both)).toHaveLength(4)
  })

  test('counts for two servers in one place', async () => {
    const meter = await openMeter()
    meter.counter<'colour'>(COLOURS)({ colour: 'red' })
    meter.counter<'colour'>(COLOURS)({ colour: 'red' })
    expect(seriesSum(parseExposition(await meter.text()), COLOURS.name, { colour: 'red' })).toBe(2)
  })

  test('sorts lengths of time, and reads gauges when it is asked', async () => {
    const meter = await openMeter()
    const time = meter.histogram<'step'>({ name: 'vouch_s_seconds', help: 'S', labels: { step: ['a'] } })
    time({ step: 'a' }, 0.02)
    time({ step: 'a' }, 99)
    let now = 1
    meter.gauge({ name: 'vouch_now', help: 'Now' }, () => now)
    meter.gauge({ name: 'vouch_later', help: 'Later' }, async () => now + 1)
    now = 5
    const families = parseExposition(await meter.text())
    const upTo = (le: string) => seriesSum(families, 'vouch_s_seconds_bucket', { le })
    expect([upTo('0.01'), upTo('0.025'), upTo('30'), upTo('+Inf')]).toEqual([0, 1, 1, 2])
    expect([seriesSum(families, 'vouch_now'), seriesSum(families, 'vouch_later')]).toEqual([5, 6])
  })

  test('keeps the gauge of the first server of a program', async () => {
    const meter = await openMeter()
    for (const value of [1, 2]) meter.gauge({ name: 'vouch_now', help: 'Now' }, () => value)
    expect(seriesSum(parseExposition(await meter.text()), 'vouch_now')).toBe(1)
  })

  test('has no number for a gauge that cannot be read, and all the others', async () => {
    const meter = await openMeter()
    meter.gauge({ name: 'vouch_broken', help: 'Broken' }, () => {
      throw new Error('with a secret in it')
    })
    meter.gauge({ name: 'vouch_whole', help: 'Whole' }, () => 1)
    const families = parseExposition(await meter.text())
    expect([seriesSum(families, 'vouch_broken'), seriesSum(families, 'vouch_whole')]).toEqual([Number.NaN, 1])
  })

  test('knows the process', async () => {
    const families = parseExposition(await (await openMeter()).text())
    expect(seriesSum(families, 'process_resident_memory_bytes')).toBeGreaterThan(1e6)
  })

  test('is nothing where nobody looks', async () => {
    NO_METER.counter<'colour'>(COLOURS)({ colour: 'red' })
    expect(await NO_METER.text()).toBe('')
  })
})

test("a user's OpenTelemetry provider hears what Prometheus reads", async () => {
  const heard: unknown[] = []
  const observed: (() => Promise<void>)[] = []
  const instrument = (name: string) => ({
    add: (value: number, labels: object) => void heard.push([name, value, labels]),
    record: (value: number, labels: object) => void heard.push([name, value, labels]),
    addCallback: (callback: (result: { observe(value: number): void }) => Promise<void>) =>
      void observed.push(() => callback({ observe: (value) => void heard.push([name, value]) })),
  })
  const made = { createCounter: instrument, createHistogram: instrument, createObservableGauge: instrument }
  telemetry.setGlobalMeterProvider({ getMeter: () => made } as never)
  onTestFinished(() => telemetry.disable())

  const meter = await openMeter()
  meter.counter<'colour'>(COLOURS)({ colour: 'secret' })
  meter.histogram<'step'>({ name: 'vouch_s_seconds', help: 'S', labels: { step: ['a'] } })({ step: 'a' }, 2)
  meter.gauge({ name: 'vouch_now', help: 'Now' }, () => 7)
  for (const ask of observed) await ask()
  expect(heard).toEqual([
    ['vouch_colours', 1, { colour: 'other' }],
    ['vouch_s_seconds', 2, { step: 'a' }],
    ['vouch_now', 7],
  ])
})
