import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Head, VouchError } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { readiness } from '../node/serving/readiness.js'
import { NOW, scratch } from '../testing/registries.js'

const head = (time: number) => async () => ({ time }) as Head
const able = () => Promise.resolve()

async function codes(
  change: Partial<Parameters<typeof readiness>[0]>,
  folder = scratch(),
): Promise<readonly string[]> {
  const ask = readiness({ head: head(NOW), assertWriter: able, ...change }, folder, () => NOW)
  return (await ask()).map(({ code }) => code)
}

describe('a server is ready', () => {
  test('when it can write and its head is young', async () => {
    expect(await codes({})).toEqual([])
    expect(await codes({ head: head(NOW - 1900) })).toEqual([])
    expect(await codes({ head: head(NOW + 100) })).toEqual([])
  })

  test.each<[string, Partial<Parameters<typeof readiness>[0]>, string]>([
    ['its head is older than half an hour', { head: head(NOW - 1921) }, 'HEAD_TOO_OLD'],
    ['its head is from the future', { head: head(NOW + 121) }, 'HEAD_FROM_FUTURE'],
    [
      'it is the one writer no more',
      { assertWriter: () => Promise.reject(new VouchError('LOCKED', { rule: 'another' })) },
      'LOCKED',
    ],
  ])('but not when %s', async (_, change, code) => {
    expect(await codes(change)).toEqual([code])
  })

  test('but not when its folder takes no file', async () => {
    const folder = scratch()
    mkdirSync(join(folder, '.probe')) // where it would write
    expect(await codes({}, folder)).toEqual(['STORAGE_FAILED'])
    expect(await codes({}, join(folder, 'gone'))).toEqual(['STORAGE_FAILED'])
  })

  test('and says everything that is in the way', async () => {
    const change = {
      head: head(0),
      assertWriter: () => Promise.reject(new VouchError('CLOCK_AHEAD', { rule: 'ahead' })),
    }
    expect(await codes(change, join(scratch(), 'gone'))).toEqual([
      'CLOCK_AHEAD',
      'STORAGE_FAILED',
      'HEAD_TOO_OLD',
    ])
  })

  test('and asks the disk once, however many ask it together', async () => {
    let asked = 0
    const counted = async (): Promise<void> => {
      asked++
    }
    const folder = scratch()
    const ask = readiness({ head: head(NOW), assertWriter: counted }, folder, () => NOW)
    await Promise.all(Array.from({ length: 50 }, ask))
    expect(asked).toBe(1)
  })

  test('but not when its newest head cannot be read', async () => {
    const unread = () => Promise.reject(new VouchError('STORAGE_FAILED', { rule: 'gone' }))
    expect(await codes({ head: unread })).toEqual(['STORAGE_FAILED'])
  })
})
