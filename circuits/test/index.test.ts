import { expect, test } from 'vitest'
import * as node from '../node/index.js'
import { readManifest } from '../node/index.js'
import * as circuits from '../src/index.js'

test('public names', () => {
  expect(Object.keys(circuits).sort()).toEqual([
    'CIRCUITS',
    'createBackend',
    'keyHash',
    'openHasher',
    'proverReference',
    'startWasm',
    'verifierReference',
  ])
  expect(Object.keys(node).sort()).toEqual([
    'chunkFolder',
    'openBackend',
    'readArtifact',
    'readManifest',
    'readReference',
    'solidityVerifier',
  ])
})

test('the manifest tells what is pinned', async () => {
  const { circuits: entries } = await readManifest()
  expect(entries.map(({ name }) => name)).toEqual(Object.keys(circuits.CIRCUITS))
  for (const entry of entries) {
    expect(entry).toMatchObject({ ...circuits.CIRCUITS[entry.name as circuits.CircuitName] })
  }
})
