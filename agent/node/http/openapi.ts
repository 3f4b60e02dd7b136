import {
  getOperation,
  jsonResponse,
  LIVENESS_PATHS,
  LIVENESS_SCHEMAS,
  openApiDocument,
  parameter,
  postOperation,
  response,
} from '@vouch/host/http'
import { attestationCodec, attestationRequestCodec, guestCodec, type Json, jsonObject } from '@vouch/protocol'

const object = (members: Readonly<Record<string, Json>>): Json => jsonObject(members)
const hex32 = object({ type: 'string', pattern: '^[0-9a-f]{64}$' })

const PROOF = object({
  type: 'object',
  required: ['service', 'siblings'],
  properties: object({
    service: object({ type: 'object', description: 'as in Guest' }),
    siblings: object({ type: 'array', maxItems: 28, items: hex32, description: 'from the root down' }),
  }),
})

/** The HTTP interface as an OpenAPI document; its schemas are those by which bodies are read. */
export function agentOpenApi(): Json {
  return openApiDocument({
    title: 'Vouch agent',
    description:
      'Shows what runs in a guest, and binds it into hardware evidence. All of it is its word until the evidence is checked.',
    paths: {
      '/info': getOperation(
        'the guest and every service in its tree',
        jsonResponse('Guest', 'the guest; 503 until every service has announced its key'),
      ),
      '/services/{name}/proof': getOperation(
        'where one service stands in the tree',
        jsonResponse('ServiceProof', 'the service, and its path'),
        [
          parameter('name', 'path', 'what the guest calls it', {
            type: 'string',
            pattern: '^[a-z0-9-]{1,64}$',
          }),
        ],
      ),
      '/attestation': postOperation(
        'evidence for a nonce that an admitter gave',
        'AttestationRequest',
        '200',
        jsonResponse('Attestation', 'evidence, and what its REPORT_DATA is made of'),
      ),
      '/openapi.json': getOperation('this document', response('application/json', 'OpenAPI 3.1')),
      ...LIVENESS_PATHS,
    },
    schemas: {
      Guest: guestCodec.schema,
      ServiceProof: PROOF,
      AttestationRequest: attestationRequestCodec.schema,
      Attestation: attestationCodec.schema,
      ...LIVENESS_SCHEMAS,
    },
  })
}
