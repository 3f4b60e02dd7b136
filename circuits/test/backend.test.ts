import { concat, fieldToBytes, P, VouchError } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openBackend, readReference } from '../node/index.js'
import { startNative } from '../node/native.js'
import { type Backend, createBackend, type EngineKind, type Proof } from '../src/index.js'
import { buildBoth, INPUTS, type TinyCircuits, type TinyName, tinyBackend } from './tiny-circuits.js'

let circuits: TinyCircuits
let native: Backend<TinyName>
let sum: Proof

beforeAll(async () => {
  circuits = await buildBoth()
  native = tinyBackend('native', circuits)
  sum = await native.prove('sum', INPUTS)
})

afterAll(() => native.destroy())

const kinds: readonly EngineKind[] = ['native', 'wasm']

describe.each(kinds)('%s', (kind) => {
  let backend: Backend<TinyName>

  beforeAll(() => {
    backend = tinyBackend(kind, circuits)
  })

  afterAll(() => backend.destroy())

  test('proves what the other engine verifies too', async () => {
    const { proof, publicInputs } = await backend.prove('sum', INPUTS)
    expect(publicInputs).toEqual([4n])
    expect(await backend.verify('sum', publicInputs, proof)).toBe(true)
    expect(await native.verify('sum', publicInputs, proof)).toBe(true)
  })

  test('never proves the same twice: proofs are blinded', async () => {
    const { proof } = await backend.prove('sum', INPUTS)
    expect(proof).not.toEqual(sum.proof)
  })

  test('says false to another public input', async () => {
    expect(await backend.verify('sum', [5n], sum.proof)).toBe(false)
  })

  test('says false to the proof of another circuit of the same shape', async () => {
    expect(circuits.product.pin.proofBytes).toBe(sum.proof.length)
    expect(await backend.verify('product', sum.publicInputs, sum.proof)).toBe(false)
  })

  test('says false to a changed bit, wherever it is, and goes on working', async () => {
    for (let at = 0; at < sum.proof.length; at += 331) {
      const changed = Uint8Array.from(sum.proof)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(await backend.verify('sum', sum.publicInputs, changed), `byte ${at}`).toBe(false)
    }
    expect(await backend.verify('sum', sum.publicInputs, sum.proof)).toBe(true)
  })

  test.each([0n, 1n, P - 1n])('says false to a proof whose every word is %s', async (word) => {
    const words = Array.from({ length: sum.proof.length / 32 }, () => fieldToBytes(word))
    expect(await backend.verify('sum', sum.publicInputs, concat(...words))).toBe(false)
  })

  test('says false to the same proof in another spelling', async () => {
    const word = sum.proof.slice(0, 32)
    const respelled = BigInt(`0x${Buffer.from(word).toString('hex')}`) + P
    const changed = Uint8Array.from(sum.proof)
    changed.set(Buffer.from(respelled.toString(16).padStart(64, '0'), 'hex'))
    expect(await backend.verify('sum', sum.publicInputs, changed)).toBe(false)
  })

  test('says which rule the inputs break, and nothing of the inputs', async () => {
    const error = await failure(backend.prove('sum', { ...INPUTS, a: '0x5ec2e7' }))
    expect(error).toMatchObject({ code: 'WITNESS_INVALID', rule: 'c is not the sum' })
  })
})

describe('misuse throws', () => {
  test.each([
    ['a proof one byte short', () => native.verify('sum', sum.publicInputs, sum.proof.slice(1))],
    [
      'a proof with a word more',
      () => native.verify('sum', sum.publicInputs, new Uint8Array(sum.proof.length + 32)),
    ],
    ['no proof', () => native.verify('sum', sum.publicInputs, new Uint8Array())],
    ['a public input too few', () => native.verify('sum', [], sum.proof)],
    ['a public input too many', () => native.verify('sum', [4n, 4n], sum.proof)],
    ['a public input that is no field element', () => native.verify('sum', [4n + P], sum.proof)],
    ['a negative public input', () => native.verify('sum', [4n - P], sum.proof)],
  ])('%s', async (_, call) => {
    expect(await failure(call())).toMatchObject({ code: 'PROOF_MALFORMED' })
  })

  test('a circuit that does not exist, whatever its name', async () => {
    for (const name of ['difference', 'toString', '__proto__']) {
      const error = await failure(native.verify(name as TinyName, [4n], sum.proof))
      expect(error).toMatchObject({ code: 'CIRCUIT_UNKNOWN' })
    }
  })

  test('a backend that was destroyed', async () => {
    const backend = tinyBackend('native', circuits)
    await backend.destroy()
    expect(await failure(backend.verify('sum', sum.publicInputs, sum.proof))).toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
  })
})

describe('secrets stay out of errors', () => {
  test.each([
    ['inputs of another shape', { a: ['0x5ec2e7'], b: '0x2', c: '0x4' }],
    ['a secret that is no number', { ...INPUTS, a: '5ec2e7-secret' }],
    ['a secret above the field', { ...INPUTS, a: `0x5ec2e7${'0'.repeat(60)}` }],
    ['a secret without its neighbour', { a: '0x5ec2e7' }],
  ])('%s', async (_, inputs) => {
    const error = await failure(native.prove('sum', inputs))
    expect(error).toMatchObject({ code: 'WITNESS_INVALID' })
    expect(error.cause).toBeUndefined()
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toMatch(/5ec2e7|6210279/i)
  })
})

describe('an artifact is not believed', () => {
  test.each([
    ['another key', (own: string, other: string) => ({ ...JSON.parse(own), vk: JSON.parse(other).vk })],
    [
      'other bytecode',
      (own: string, other: string) => ({ ...JSON.parse(own), bytecode: JSON.parse(other).bytecode }),
    ],
    ['no key', (own: string) => ({ ...JSON.parse(own), vk: undefined })],
    ['nothing', () => null],
  ])('%s', async (_, change) => {
    const own = JSON.stringify(circuits.sum.artifact)
    const text = JSON.stringify(change(own, JSON.stringify(circuits.product.artifact)))
    const backend = tinyBackend('native', circuits, { sum: text })
    expect(await failure(backend.prove('sum', INPUTS))).toMatchObject({ code: 'ARTIFACT_CORRUPT' })
    await backend.destroy()
  })
})

describe('cancelling', () => {
  test('is seen before anything is done', async () => {
    const run = native.prove('sum', INPUTS, { signal: AbortSignal.abort() })
    expect(await failure(run)).toMatchObject({ code: 'CANCELLED' })
  })

  test.each(kinds)(
    'stops %s in the middle of a proof; the next one gets an engine of its own',
    async (kind) => {
      const backend = tinyBackend(kind, circuits)
      const controller = new AbortController()
      const stages: string[] = []
      const onProgress = (stage: string) => {
        stages.push(stage)
        if (stage === 'proof') setImmediate(() => controller.abort())
      }
      const run = backend.prove('sum', INPUTS, { onProgress, signal: controller.signal })
      expect(await failure(run)).toMatchObject({ code: 'CANCELLED' })
      expect(stages).toEqual(['witness', 'proof'])
      const { proof, publicInputs } = await backend.prove('sum', INPUTS)
      expect(await backend.verify('sum', publicInputs, proof)).toBe(true)
      await backend.destroy()
    },
  )
})

test('a reference string that is shorter than the circuit is a failure of the backend, not of the proof', async () => {
  const backend = createBackend({
    circuits: { sum: circuits.sum.pin },
    artifacts: async () => JSON.stringify(circuits.sum.artifact),
    start: (reference) => startNative(reference, 2),
    reference: async (extent) => {
      const { points, tauH } = await readReference(extent)
      return { points: points.slice(0, 640), count: extent, tauH }
    },
  })
  expect(await failure(backend.prove('sum', INPUTS))).toMatchObject({ code: 'BACKEND_FAILED' })
  await backend.destroy()
})

describe('where the binary does not run', () => {
  const zeros = new Uint8Array(8768)

  test.each(['/nowhere/bb', '/bin/false'])('%s: native says so, auto takes WebAssembly', async (binary) => {
    vi.stubEnv('BB_BINARY_PATH', binary)
    const [nativeOnly, auto] = [openBackend({ kind: 'native' }), openBackend()]
    try {
      const judge = (backend: Backend) => backend.verify('respond', new Array(9).fill(0n), zeros)
      expect(await failure(judge(nativeOnly))).toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
      expect(await judge(auto)).toBe(false)
    } finally {
      vi.unstubAllEnvs()
      await Promise.all([nativeOnly.destroy(), auto.destroy()])
    }
  })
})

async function failure(run: Promise<unknown>): Promise<VouchError> {
  const error = await run.then(
    (value) => new Error(`it gave ${String(value)}`),
    (reason: unknown) => reason,
  )
  if (error instanceof VouchError) return error
  throw error
}
