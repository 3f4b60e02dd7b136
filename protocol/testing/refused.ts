import { describe, expect, it } from 'vitest'
import { read, vectorFile } from '../../fixtures/corpus.js'
import { type Refusal, refusalCode } from '../../fixtures/refused/refusal.js'

interface RefusedFile {
  readonly vectors: readonly { readonly name: string; readonly input: string; readonly code: string }[]
}

/** Tests that these decoders refuse the committed inputs, each with the code it must have. */
export function itRefuses(refusals: readonly Refusal[]): void {
  describe.each(refusals)('$id refuses', ({ id, decode }) => {
    const { vectors } = JSON.parse(read(vectorFile(`refused/${id}`))) as RefusedFile
    it.each(vectors)('$name', async ({ input, code }) => {
      expect(await refusalCode(decode, input)).toBe(code)
    })
  })
}
