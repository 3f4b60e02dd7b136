import { VouchError } from '@vouch/protocol'
import type { Engine } from './engine.js'
import type { ReferenceString } from './srs/reference.js'

/**
 * Barretenberg in WebAssembly, on a worker so that proving does not block the caller and can be stopped. Without
 * `skipSrsInit` it would download a reference string; without a logger its threads write to stdout.
 */
export async function startWasm(reference: ReferenceString, threads: number): Promise<Engine> {
  try {
    const { BackendType, Barretenberg } = await import('@aztec/bb.js')
    const backend = BackendType.WasmWorker
    const api = await Barretenberg.new({ backend, threads, skipSrsInit: true, unref: true, logger: () => {} })
    await api.srsInitSrs({ pointsBuf: reference.points, numPoints: reference.count, g2Point: reference.tauH })
    return { kind: 'wasm', api, destroy: () => api.destroy() }
  } catch (error) {
    throw new VouchError(
      'BACKEND_UNAVAILABLE',
      { rule: 'the WebAssembly backend must start', hint: 'it needs WebAssembly threads and workers' },
      { cause: error },
    )
  }
}
