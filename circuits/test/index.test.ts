import { expect, test } from 'vitest'
import { readManifest } from '../node/index.js'
import * as circuits from '../src/index.js'

test('the manifest tells what is pinned', async () => {
  const { circuits: entries } = await readManifest()
  expect(entries.map(({ name }) => name)).toEqual(Object.keys(circuits.CIRCUITS))
  for (const entry of entries) {
    expect(entry).toMatchObject({ ...circuits.CIRCUITS[entry.name as circuits.CircuitName] })
  }
})
