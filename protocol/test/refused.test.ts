import { describe, expect, it } from 'vitest'
import { read, vectorFile } from '../../fixtures/corpus.js'
import { refusals } from '../../fixtures/refused/index.js'
import { refusalCode } from '../../fixtures/refused/refusal.js'

interface RefusedFile {
  readonly vectors: readonly { readonly name: string; readonly input: string; readonly code: string }[]
}

describe.each(refusals)('$id refuses', ({ id, decode }) => {
  const { vectors } = JSON.parse(read(vectorFile(`refused/${id}`))) as RefusedFile
  it.each(vectors)('$name', ({ input, code }) => {
    expect(refusalCode(decode, input)).toBe(code)
  })
})
