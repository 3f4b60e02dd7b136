import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { read, vectorFile } from '../../fixtures/corpus.js'

interface Vectors {
  readonly vectors: readonly {
    readonly name: string
    readonly input: object | string
    readonly expected?: { readonly file: string }
    readonly code?: string
  }[]
}

const load = (path: string): unknown => JSON.parse(read(path))

/**
 * Which statement and which decoder a schema speaks of, and which refusals are beyond any schema: order, sizes of
 * numbers written as hexadecimal, what a JSON parser has already lost, and what members say of one another.
 */
export interface SchemaTest {
  readonly name: string
  readonly statement: string
  readonly decoder: string
  readonly beyond: readonly string[]
  /** The version of the form, 1 unless it is named. */
  readonly version?: number
}

/** Tests that these schemas take every vector of their statement, and see what is wrong with every refused one. */
export function itHoldsFor(schemas: readonly SchemaTest[]): void {
  describe.each(schemas)(
    'docs/schemas/$name.schema.json',
    ({ name, statement, decoder, beyond, version = 1 }) => {
      const schema = load(`docs/schemas/${name}.schema.json`) as Record<string, unknown>
      const isValid = new Ajv2020({ strict: true, allErrors: true }).compile(schema)
      const positive = load(vectorFile(statement)) as Vectors
      const refused = load(vectorFile(`refused/${decoder}`)) as Vectors

      it('says what it is', () => {
        expect(schema).toMatchObject({
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          $id: `urn:vouch:schema:${name}:v${version}`,
          title: expect.stringMatching(/^Vouch /),
          description: expect.stringMatching(/\.$/),
        })
      })

      it.each(positive.vectors)('takes $name', ({ expected }) => {
        isValid(JSON.parse(expected?.file ?? ''))
        expect(isValid.errors ?? []).toEqual([])
      })

      it.each(refused.vectors)('sees what is wrong with $name, unless no schema can', ({ name, input }) => {
        expect(isValid(JSON.parse(String(input)))).toBe(beyond.includes(name))
      })

      it('is beaten by nothing that is not in the vectors', () => {
        const names = refused.vectors.map((vector) => vector.name)
        expect(beyond.filter((missed) => !names.includes(missed))).toEqual([])
      })
    },
  )
}
