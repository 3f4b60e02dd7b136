import { availableParallelism } from 'node:os'
import { VouchError } from '@vouch/protocol'
import { type Backend, createBackend } from '../src/backend.js'
import { CIRCUITS } from '../src/circuits.js'
import type { EngineKind, StartEngine } from '../src/engine.js'
import { EMBEDDED } from '../src/srs/pins.js'
import { proverReference, type ReferenceSources, type ReferenceString } from '../src/srs/reference.js'
import { startWasm } from '../src/wasm.js'
import { startNative } from './native.js'
import { readArtifact, readEmbeddedPoints } from './package-files.js'

export interface BackendOptions {
  /** `auto` takes the native binary, and WebAssembly where that does not run. */
  readonly kind?: 'auto' | EngineKind
  readonly threads?: number
  /** Where circuits larger than the embedded reference string find the rest of it. */
  readonly reference?: Omit<ReferenceSources, 'embedded'>
}

const START: Record<EngineKind | 'auto', (threads: number) => StartEngine> = {
  native: (threads) => (reference) => startNative(reference, threads),
  wasm: (threads) => (reference) => startWasm(reference, threads),
  auto: (threads) => async (reference) => {
    try {
      return await startNative(reference, threads)
    } catch (error) {
      if (error instanceof VouchError && error.code === 'BACKEND_UNAVAILABLE')
        return startWasm(reference, threads)
      throw error
    }
  },
}

/** A backend for the circuits of this version, from the files of this package. Opening starts nothing and reads nothing. */
export function openBackend(options: BackendOptions = {}): Backend {
  const { kind = 'auto', threads = availableParallelism(), reference } = options
  return createBackend({
    circuits: CIRCUITS,
    artifacts: readArtifact,
    start: START[kind](threads),
    reference: (extent) => readReference(extent, reference),
  })
}

/** A reference string of at least so many points; without an argument, the one that comes with this package. */
export function readReference(
  extent: number = EMBEDDED.points,
  sources: BackendOptions['reference'] = {},
): Promise<ReferenceString> {
  return proverReference(extent, { embedded: readEmbeddedPoints, ...sources })
}
