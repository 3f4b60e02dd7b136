import { describe, expect, it } from 'vitest'
import { read, vectorFile } from '../../fixtures/corpus.js'
import { statements } from '../../fixtures/statements/index.js'

interface VectorFile {
  readonly vectors: readonly { readonly name: string; readonly input: object; readonly expected: object }[]
}

/** Tests that these statements evaluate the committed vectors to what they expect. */
export function itReproduces(...ids: readonly string[]): void {
  describe.each(ids)('the vectors of %s', (id) => {
    const statement = statements.find((candidate) => candidate.id === id)
    const { vectors } = JSON.parse(read(vectorFile(id))) as VectorFile
    it.each(vectors)('$name', ({ input, expected }) => {
      expect(statement?.evaluate(input)).toEqual(expected)
    })
  })
}

/** What the vectors of a statement have under a name; nothing of great size, which would only be slow. */
export function samplesOf(statement: string, member: 'bytes' | 'file' | 'policy'): string[] {
  const { vectors } = JSON.parse(read(vectorFile(statement))) as VectorFile
  const values = vectors.map(({ expected, input }) => ({ ...input, ...expected }) as Record<string, string>)
  return values.map((value) => value[member] ?? '').filter((sample) => sample.length < 2_000)
}
