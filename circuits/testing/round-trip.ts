import { openBackend } from '../node/index.js'
import { CIRCUITS, type EngineKind } from '../src/index.js'

// A whole process of its own, for tests that look at one from outside: `prove` proves and verifies, `verify` only verifies. It
// writes nothing, and ends with 0 if all went as it should.

const [task, kind] = process.argv.slice(2)
const backend = openBackend({ kind: kind as EngineKind, threads: 2 })
process.exitCode = (await succeeds()) ? 0 : 1
await backend.destroy()

async function succeeds(): Promise<boolean> {
  if (task === 'verify') {
    const { publicInputs, proofBytes } = CIRCUITS.enroll
    return !(await backend.verify('enroll', new Array(publicInputs).fill(1n), new Uint8Array(proofBytes)))
  }
  const { SAMPLES } = await import('./samples.js')
  const { proof, publicInputs } = await backend.prove('enroll', SAMPLES.enroll())
  return backend.verify('enroll', publicInputs, proof)
}
