import { type Hasher, VouchError } from '@vouch/protocol'

/**
 * P2 by Barretenberg in WebAssembly: several times as fast as in JavaScript, once it has started, which takes most of a second. For
 * whole registries. It runs in this thread, and ends with it.
 */
export async function openHasher(): Promise<Hasher> {
  try {
    const { BackendType, BarretenbergSync } = await import('@aztec/bb.js')
    const api = await BarretenbergSync.new({ backend: BackendType.Wasm, logger: () => {} })
    return (...inputs) => api.poseidon2Hash({ inputs: [...inputs] }).hash
  } catch (error) {
    throw new VouchError(
      'BACKEND_UNAVAILABLE',
      { rule: 'the WebAssembly hasher must start', hint: 'it needs WebAssembly' },
      { cause: error },
    )
  }
}
