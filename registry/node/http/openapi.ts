import { headCodec, type Json, jsonObject } from '@vouch/protocol'
import {
  getOperation,
  jsonResponse,
  openApiDocument,
  parameter,
  postOperation,
  response,
} from '@vouch/protocol/node/http'
import { bucketIndexCodec } from '../../src/buckets.js'
import { enrollmentCodec } from '../../src/enrollment.js'
import { nonceRequestCodec, ticketCodec } from '../../src/nonce.js'
import { receiptCodec } from '../../src/receipt.js'

const number = (maximum: number) => ({ type: 'integer', minimum: 0, maximum })

function listOf(member: string, items: Json): Json {
  const list = jsonObject({ type: 'array', items })
  return jsonObject({ type: 'object', required: [member], properties: jsonObject({ [member]: list }) })
}

/** The HTTP interface as an OpenAPI document; its schemas are those by which bodies are read. */
export function openApi(): Json {
  return openApiDocument({
    title: 'Vouch registrar',
    description:
      'Admits credentials to a registry, and publishes it. What it answers is signed or can be recomputed.',
    paths: {
      '/nonce': postOperation(
        'a nonce for evidence, bound to one credential',
        'NonceRequest',
        '200',
        jsonResponse('NonceTicket', 'the nonce, good for a quarter of an hour'),
      ),
      '/enroll': postOperation(
        'asks to be admitted',
        'Enrollment',
        '201',
        jsonResponse('Receipt', 'admitted; published with the next head'),
      ),
      '/head.json': getOperation('the newest head', jsonResponse('Head', 'the head')),
      '/heads': getOperation('heads in order, a page at a time', jsonResponse('Heads', 'heads'), [
        parameter(
          'after',
          'query',
          'the number of the last head that is known',
          number(Number.MAX_SAFE_INTEGER),
        ),
      ]),
      '/leaves.json': getOperation(
        'the root of each bucket of 1,024 leaves, as of the newest head',
        jsonResponse('BucketIndex', 'bucket roots'),
      ),
      '/leaves/{bucket}': getOperation(
        'one bucket, whole',
        response('application/octet-stream', 'leaves in order, as docs/protocol.md lays them out', {
          type: 'string',
          format: 'binary',
        }),
        [parameter('bucket', 'path', 'number of the bucket', number(1023))],
      ),
      '/policies.json': getOperation(
        'the admission policies in force',
        jsonResponse('Policies', 'the documents that policy ids are hashes of'),
      ),
      '/openapi.json': getOperation('this document', response('application/json', 'OpenAPI 3.1')),
      '/health': getOperation('whether the registrar answers', response('application/json', 'it does')),
    },
    schemas: {
      NonceRequest: nonceRequestCodec.schema,
      NonceTicket: ticketCodec.schema,
      Enrollment: enrollmentCodec.schema,
      Receipt: receiptCodec.schema,
      Head: headCodec.schema,
      Heads: listOf('heads', jsonObject({ $ref: '#/components/schemas/Head' })),
      BucketIndex: bucketIndexCodec.schema,
      Policies: listOf('policies', jsonObject({ type: 'object' })),
    },
  })
}
