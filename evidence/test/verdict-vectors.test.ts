import { ANCHORS, isSimulatedKind, type KindName } from '@vouch/evidence'
import { describe, expect, it } from 'vitest'
import { EVIDENCE_VERDICTS, filesBelow } from '../../fixtures/corpus.js'
import { evidenceVerdictFiles, staleEvidenceVerdicts } from '../../fixtures/evidence-verdict/corpus.js'
import { type EvidenceVector, readEvidenceVector } from '../../fixtures/evidence-verdict/file.js'
import { judged } from '../../fixtures/evidence-verdict/judge.js'

// The corpus of verdicts on evidence of simulated machines, and what it has to hold.

const vectors: readonly (readonly [name: string, vector: EvidenceVector])[] = filesBelow(
  EVIDENCE_VERDICTS,
).map((path) => [path.slice(EVIDENCE_VERDICTS.length + 1).replace('.json', ''), readEvidenceVector(path)])

describe('the vectors of verdicts on evidence', () => {
  it.each(vectors)('%s', async (_, vector) => {
    expect(await judged(vector.judged)).toEqual(vector.expect)
  })

  it('are what npm run vectors writes, which keeps evidence that is accepted', async () => {
    expect(staleEvidenceVerdicts(await evidenceVerdictFiles())).toEqual([])
  })
})

/** Kinds of machines: devices alone are accepted in no machine's place. */
const kinds = [...new Set(ANCHORS.map(({ kind }) => kind))].filter(
  (kind) => isSimulatedKind(kind) && kind !== 'simulated-nvidia',
)

/** The vectors whose policy names this kind. */
const vectorsOf = (kind: KindName): readonly EvidenceVector[] =>
  vectors.map(([, vector]) => vector).filter(({ judged: { policy } }) => namesKind(policy, kind))

const namesKind = (policy: object, kind: KindName): boolean =>
  'evidence' in policy && typeof policy.evidence === 'object' && Object.hasOwn(policy.evidence ?? {}, kind)

describe.each(kinds)('a vector of %s is there', (kind) => {
  it('that is accepted', () => {
    expect(vectorsOf(kind).filter(({ expect }) => expect.kind === kind)).not.toEqual([])
  })

  it.each([
    ['forged', 2, ['EVIDENCE_SIGNATURE_FALSE']],
    ['of another nonce', 3, ['NONCE_MISMATCH']],
    ['of another measurement', 3, ['MEASUREMENT_NOT_ACCEPTED']],
  ] as const)('that is %s', (_, exit, codes) => {
    const found = vectorsOf(kind).map(({ expect }) => expect)
    expect(found).toContainEqual({ exit, codes })
  })

  it('that cannot be read', () => {
    expect(vectorsOf(kind).filter(({ expect }) => expect.exit === 4)).not.toEqual([])
  })
})
