import { headCodec, type Json, jsonObject } from '@vouch/protocol'
import { bucketIndexCodec } from '../../src/buckets.js'
import { enrollmentCodec } from '../../src/enrollment.js'
import { nonceRequestCodec, ticketCodec } from '../../src/nonce.js'
import { receiptCodec } from '../../src/receipt.js'

type Members = Readonly<Record<string, Json>>

const object = (members: Members): Json => jsonObject(members)
const schemaRef = (name: string): Json => object({ $ref: `#/components/schemas/${name}` })
const json = (name: string): Json => object({ 'application/json': object({ schema: schemaRef(name) }) })
const text = (content: Json, description: string): Json => object({ description, content })

const REFUSED = text(json('Failures'), 'refused, with every reason')

function get(summary: string, ok: Json, parameters: readonly Json[] = []): Json {
  const operation = {
    summary,
    responses: object({ '200': ok, default: REFUSED }),
    ...(parameters.length === 0 ? {} : { parameters }),
  }
  return object({ get: object(operation) })
}

function post(summary: string, body: string, status: string, ok: Json): Json {
  const requestBody = object({ required: true, content: json(body) })
  return object({
    post: object({ summary, requestBody, responses: object({ [status]: ok, default: REFUSED }) }),
  })
}

function parameter(name: string, place: 'path' | 'query', description: string, maximum: number): Json {
  const schema = object({ type: 'integer', minimum: 0, maximum })
  return object({ name, in: place, required: place === 'path', description, schema })
}

const FAILURES = object({
  type: 'object',
  required: ['failures'],
  properties: object({
    failures: object({
      type: 'array',
      minItems: 1,
      items: object({
        type: 'object',
        required: ['code', 'exit', 'rule'],
        properties: object({
          code: object({ type: 'string', description: 'one of docs/exit-codes.md' }),
          exit: object({ type: 'integer', minimum: 1, maximum: 4 }),
          rule: object({ type: 'string', description: 'what must hold' }),
          given: object({ type: 'string' }),
          hint: object({ type: 'string' }),
        }),
      }),
    }),
  }),
})

const listOf = (member: string, items: Json): Json =>
  object({
    type: 'object',
    required: [member],
    properties: object({ [member]: object({ type: 'array', items }) }),
  })

/** The HTTP interface as an OpenAPI document; its schemas are those by which bodies are read. */
export function openApi(): Json {
  const bytes = object({
    'application/octet-stream': object({ schema: object({ type: 'string', format: 'binary' }) }),
  })
  return object({
    openapi: '3.1.0',
    info: object({
      title: 'Vouch registrar',
      version: '1',
      description:
        'Admits credentials to a registry, and publishes it. What it answers is signed or can be recomputed.',
    }),
    paths: object({
      '/nonce': post(
        'a nonce for evidence, bound to one credential',
        'NonceRequest',
        '200',
        text(json('NonceTicket'), 'the nonce, good for a quarter of an hour'),
      ),
      '/enroll': post(
        'asks to be admitted',
        'Enrollment',
        '201',
        text(json('Receipt'), 'admitted; published with the next head'),
      ),
      '/head.json': get('the newest head', text(json('Head'), 'the head')),
      '/heads': get('heads in order, a page at a time', text(json('Heads'), 'heads'), [
        parameter('after', 'query', 'the number of the last head that is known', Number.MAX_SAFE_INTEGER),
      ]),
      '/leaves.json': get(
        'the root of each bucket of 1,024 leaves, as of the newest head',
        text(json('BucketIndex'), 'bucket roots'),
      ),
      '/leaves/{bucket}': get(
        'one bucket, whole',
        text(bytes, 'leaves in order, as docs/protocol.md lays them out'),
        [parameter('bucket', 'path', 'number of the bucket', 1023)],
      ),
      '/policies.json': get(
        'the admission policies in force',
        text(json('Policies'), 'the documents that policy ids are hashes of'),
      ),
      '/openapi.json': get('this document', text(object({ 'application/json': object({}) }), 'OpenAPI 3.1')),
      '/health': get(
        'whether the registrar answers',
        text(object({ 'application/json': object({}) }), 'it does'),
      ),
    }),
    components: object({
      schemas: object({
        NonceRequest: nonceRequestCodec.schema,
        NonceTicket: ticketCodec.schema,
        Enrollment: enrollmentCodec.schema,
        Receipt: receiptCodec.schema,
        Head: headCodec.schema,
        Heads: listOf('heads', schemaRef('Head')),
        BucketIndex: bucketIndexCodec.schema,
        Policies: listOf('policies', object({ type: 'object' })),
        Failures: FAILURES,
      }),
    }),
  })
}
