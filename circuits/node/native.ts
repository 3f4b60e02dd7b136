import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBbBinary } from '@aztec/bb.js/platform'
import { VouchError } from '@vouch/protocol'
import type { Engine } from '../src/engine.js'
import { isUncompressed, type ReferenceString } from '../src/srs/reference.js'
import { NativeProcess } from './native-process.js'

/**
 * Starts Barretenberg's binary on a folder of its own that holds exactly the given reference string. The binary takes points
 * only from the folder in CRS_PATH, locks and writes there, and downloads what it misses, over plain HTTP. So it gets a copy of
 * bytes that were hashed in this process, and a folder where it would keep its download: it fails there before it asks anyone.
 */
export async function startNative(reference: ReferenceString, threads: number): Promise<Engine> {
  const binary = findBbBinary()
  if (binary === null) throw unavailable('there is none for this platform')
  const folder = writeReference(reference)
  const child = new NativeProcess(binary, { CRS_PATH: folder.path, HARDWARE_CONCURRENCY: String(threads) })
  const destroy = async () => {
    await child.destroy()
    folder.remove()
  }
  try {
    const { Barretenberg } = await import('@aztec/bb.js')
    const api = new Barretenberg(child, {})
    await api.blake2s({ data: new Uint8Array() })
    return { kind: 'native', api, destroy }
  } catch (error) {
    await destroy()
    throw unavailable(`${binary} does not answer`, error)
  }
}

function writeReference(reference: ReferenceString): { readonly path: string; remove(): void } {
  const path = join(tmpdir(), `vouch-reference-${randomUUID()}`)
  const remove = () => {
    process.off('exit', remove)
    rmSync(path, { recursive: true, force: true })
  }
  process.once('exit', remove)
  mkdirSync(path, { mode: 0o700 })
  const [points, other] = ['bn254_g1.dat', 'bn254_g1_compressed.dat']
  writeFileSync(join(path, isUncompressed(reference) ? points : other), reference.points)
  if (isUncompressed(reference)) mkdirSync(join(path, other))
  writeFileSync(join(path, 'bn254_g2.dat'), reference.tauH)
  return { path, remove }
}

function unavailable(given: string, cause?: unknown): VouchError {
  return new VouchError(
    'BACKEND_UNAVAILABLE',
    {
      rule: "Barretenberg's binary must run",
      given,
      hint: 'the backend "wasm" runs everywhere, four times slower',
    },
    { cause },
  )
}
