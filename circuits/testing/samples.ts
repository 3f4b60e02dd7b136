import {
  auxOf,
  buildServiceTree,
  compareBytes,
  credential,
  gpuDigest,
  type Request,
  reportData,
} from '@vouch/protocol'
import { enrollWitness, respondWitness } from '@vouch/prover'
import { answer, drvNamed, makeStory, storyPolicy } from '../../fixtures/story/story.js'
import type { CircuitName } from '../src/circuits.js'
import type { Inputs } from '../src/witness.js'

// One satisfying input per circuit, out of the fixture story: what the build proves to measure a circuit, and what
// tests break in one place at a time.

const NOW = 1_800_000_000
const fill = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

export const SAMPLES: Readonly<Record<CircuitName, () => Inputs>> = {
  enroll: () => {
    const { holding, osImageHash } = makeStory(NOW).machines[0]
    const smtRoot = buildServiceTree(holding.services).root
    const aux = auxOf(gpuDigest([]), fill(0x0e))
    const enrollment = {
      reportData: reportData(osImageHash, smtRoot, aux),
      osImageHash,
      aux,
      credential: credential(smtRoot, holding.holderSecret),
    }
    return enrollWitness(enrollment, smtRoot, holding.holderSecret)
  },
  respond: () => {
    const { machines, leaves, head } = makeStory(NOW)
    const [machine] = machines
    const request: Request = {
      version: 2,
      verifierId: fill(0xb0),
      challenge: fill(0xc1),
      profile: 'sha256',
      freshness: { kind: 'challenge' },
      now: NOW,
      registryId: head.registryId,
      root: head.root,
      acceptance: 1n,
      asks: { kind: 'answer' },
      services: [drvNamed('echo'), drvNamed('oracle')].sort(compareBytes),
      policies: [storyPolicy],
    }
    const content = { clientNonce: request.challenge, time: NOW, askHash: fill(0xa5), payload: fill(0x7a) }
    return respondWitness(request, answer(machine, 'echo', 'sha256', content), machine.holding, leaves)
  },
}
