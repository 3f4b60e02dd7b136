import { PUBLIC_INPUTS } from '@vouch/protocol'
import { expect, test } from 'vitest'
import { readArtifact, readManifest } from '../node/index.js'
import * as circuits from '../src/index.js'

/** The part of an artifact that is looked at here. */
interface Artifact {
  readonly abi: { readonly parameters: readonly { readonly name: string; readonly visibility: string }[] }
}

test('the manifest tells what is pinned', async () => {
  const { circuits: entries } = await readManifest()
  expect(entries.map(({ name }) => name)).toEqual(Object.keys(circuits.CIRCUITS))
  for (const entry of entries) {
    expect(entry).toMatchObject({ ...circuits.CIRCUITS[entry.name as circuits.CircuitName] })
  }
})

test.each(Object.keys(circuits.CIRCUITS) as circuits.CircuitName[])(
  'the public inputs of %s are those of the one list, in its order',
  async (name) => {
    const { abi } = JSON.parse(await readArtifact(name)) as Artifact
    const shown = abi.parameters.filter(({ visibility }) => visibility === 'public')
    expect(shown.map((parameter) => parameter.name)).toEqual([...PUBLIC_INPUTS[name]])
  },
)
