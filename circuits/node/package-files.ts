import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { VouchError } from '@vouch/protocol'
import type { ArtifactSource } from '../src/artifact.js'
import type { Bytes } from '../src/bytes.js'
import type { CircuitPin } from '../src/circuits.js'

// This file runs from node/ and, once built, from dist/node/.
const ROOT = ['..', '../..']
  .map((up) => new URL(`${up}/`, import.meta.url))
  .find((folder) => existsSync(new URL('package.json', folder)))

/** A file that comes with this package. */
export function packageFile(path: string): URL {
  return new URL(path, ROOT)
}

/** Reads `artifacts/NAME.json` from this package. */
export const readArtifact: ArtifactSource = async (name) =>
  new TextDecoder().decode(await read(`artifacts/${name}.json`, 'ARTIFACT_CORRUPT'))

/** What `manifest.json` says: for people, and for the budget. What is believed is in `src/pins.ts`. */
export interface Manifest {
  readonly versions: { readonly noir: string; readonly barretenberg: string }
  readonly circuits: readonly ManifestEntry[]
}

export interface ManifestEntry extends CircuitPin {
  readonly name: string
  readonly gates: number
  readonly budget: Pick<ManifestEntry, 'gates' | 'extent'>
  /** Barretenberg's own hash of the key: what its Solidity verifier carries. */
  readonly barretenbergVkHash: string
}

/** Reads `manifest.json` from this package. */
export const readManifest = async (): Promise<Manifest> =>
  JSON.parse(new TextDecoder().decode(await read('manifest.json', 'ARTIFACT_CORRUPT')))

/** Reads the embedded points of the reference string. */
export const readEmbeddedPoints = (): Promise<Bytes> => read('srs/ignition-50000.g1', 'SRS_CORRUPT')

async function read(path: string, code: 'ARTIFACT_CORRUPT' | 'SRS_CORRUPT'): Promise<Bytes> {
  try {
    return new Uint8Array(await readFile(packageFile(path)))
  } catch (error) {
    const rule = `${path} must come with the package`
    throw new VouchError(code, { rule, hint: 'install the package again' }, { cause: error })
  }
}
