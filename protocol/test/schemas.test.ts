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
 * numbers written as hexadecimal, and what a JSON parser has already lost.
 */
const SCHEMAS = [
  {
    name: 'request',
    statement: 'request',
    decoder: 'parse-request',
    beyond: [
      'a member twice',
      'now as a fraction',
      'root p',
      'acceptance 2^248',
      'policy 2^249',
      'services descend',
      'policies descend',
    ],
  },
  {
    name: 'acceptance-policy',
    statement: 'acceptance-policy',
    decoder: 'parse-acceptance',
    beyond: ['policy 2^249', 'a profile twice'],
  },
  {
    name: 'bundle',
    statement: 'bundle',
    decoder: 'parse-bundle',
    beyond: ['request 2^248', 'nullifier p'],
  },
  { name: 'head', statement: 'head', decoder: 'parse-head', beyond: ['root p', 'previous_root p'] },
  { name: 'reply', statement: 'reply', decoder: 'parse-reply', beyond: [] },
  { name: 'ask', statement: 'ask', decoder: 'parse-ask', beyond: ['a member twice'] },
  { name: 'answer', statement: 'answer', decoder: 'parse-answer', beyond: [] },
  { name: 'announcement', statement: 'announcement', decoder: 'parse-announcement', beyond: [] },
  { name: 'guest', statement: 'guest', decoder: 'parse-guest', beyond: ['smt_root p', 'services descend'] },
  {
    name: 'attestation-request',
    statement: 'attestation-request',
    decoder: 'parse-attestation-request',
    beyond: [],
  },
  { name: 'attestation', statement: 'attestation', decoder: 'parse-attestation', beyond: ['smt_root p'] },
]

describe.each(SCHEMAS)('docs/schemas/$name.schema.json', ({ name, statement, decoder, beyond }) => {
  const schema = load(`docs/schemas/${name}.schema.json`) as Record<string, unknown>
  const isValid = new Ajv2020({ strict: true, allErrors: true }).compile(schema)
  const positive = load(vectorFile(statement)) as Vectors
  const refused = load(vectorFile(`refused/${decoder}`)) as Vectors

  it('says what it is', () => {
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `urn:vouch:schema:${name}:v1`,
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
})
