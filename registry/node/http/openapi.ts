import { getOperation, jsonResponse, openApiDocument, parameter, response } from '@vouch/host/http'
import { bucketIndexCodec, headCodec, type Json, jsonObject } from '@vouch/protocol'
import { ADMITTING_PATHS, ADMITTING_SCHEMAS, listOf } from './admitting.js'

const number = (maximum: number) => ({ type: 'integer', minimum: 0, maximum })

/** The HTTP interface as an OpenAPI document; its schemas are those by which bodies are read. */
export function registrarOpenApi(): Json {
  return openApiDocument({
    title: 'Vouch registrar',
    description:
      'Admits credentials to a registry, and publishes it. What it answers is signed or can be recomputed.',
    paths: {
      ...ADMITTING_PATHS,
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
        [
          parameter('bucket', 'path', 'number of the bucket', number(1023)),
          parameter('root', 'query', 'its root: caches keep such an answer, and another root is 404', {
            type: 'string',
            pattern: '^[0-9a-f]{64}$',
          }),
        ],
      ),
    },
    schemas: {
      ...ADMITTING_SCHEMAS,
      Head: headCodec.schema,
      Heads: listOf('heads', jsonObject({ $ref: '#/components/schemas/Head' })),
      BucketIndex: bucketIndexCodec.schema,
    },
  })
}
