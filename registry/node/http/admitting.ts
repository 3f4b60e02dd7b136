import type { AdmissionPolicy } from '@vouch/evidence'
import {
  getOperation,
  jsonAnswer,
  jsonResponse,
  LIVENESS_PATHS,
  LIVENESS_ROUTES,
  LIVENESS_SCHEMAS,
  type Live,
  postOperation,
  type Routes,
  refusal,
  response,
} from '@vouch/host/http'
import {
  enrollmentCodec,
  type Failure,
  type Json,
  jsonObject,
  MAX_ENROLLMENT_BYTES,
  type NonceTicket,
  nonceRequestCodec,
  parseNonceRequest,
  plain,
  printReceipt,
  printTicket,
  receiptCodec,
  ticketCodec,
} from '@vouch/protocol'
import type { Admission } from '../../src/admission.js'
import { printPolicies } from '../../src/policies.js'

/** What whoever admits is to strangers: a registrar, or a trust node. */
export interface Admitter extends Live {
  nonce(credential: bigint): NonceTicket | Promise<NonceTicket>
  admit(file: Uint8Array, from: string): Promise<Admission>
  /** Every policy that credentials are admitted under. */
  policies(): readonly AdmissionPolicy[]
  /** Notes a refusal that never came to `admit`, in the private log. */
  noteRefusal(from: string, failures: readonly Failure[]): Promise<void>
}

export const NO_BODY = 0

/** The routes that all who admit have; `openApi` is the document of all of somebody's. */
export function admittingRoutes(openApi: () => Json): Routes<Admitter> {
  const document = JSON.stringify(plain(openApi()))
  return {
    '/nonce': {
      method: 'POST',
      path: /^\/nonce$/,
      bodyLimit: 1024,
      answer: async (service, { body }) =>
        jsonAnswer(printTicket(await service.nonce(parseNonceRequest(body).credential))),
    },
    '/enroll': {
      method: 'POST',
      path: /^\/enroll$/,
      bodyLimit: MAX_ENROLLMENT_BYTES,
      answer: async (service, { body, from }) => {
        const admission = await service.admit(body, from)
        if (!admission.admitted) return refusal(admission.failures)
        return jsonAnswer(printReceipt(admission.receipt), 201)
      },
    },
    '/policies.json': {
      method: 'GET',
      path: /^\/policies\.json$/,
      bodyLimit: NO_BODY,
      answer: (service) => jsonAnswer(printPolicies(service.policies())),
    },
    '/openapi.json': {
      method: 'GET',
      path: /^\/openapi\.json$/,
      bodyLimit: NO_BODY,
      answer: () => jsonAnswer(document),
    },
    ...LIVENESS_ROUTES,
  }
}

/** What a document says of these routes. */
export const ADMITTING_PATHS = {
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
    jsonResponse('Receipt', 'admitted; published with the next head, or on chain'),
  ),
  '/policies.json': getOperation(
    'the admission policies in force',
    jsonResponse('Policies', 'the documents that policy ids are hashes of'),
  ),
  '/openapi.json': getOperation('this document', response('application/json', 'OpenAPI 3.1')),
  ...LIVENESS_PATHS,
} as const

export function listOf(member: string, items: Json): Json {
  const list = jsonObject({ type: 'array', items })
  return jsonObject({ type: 'object', required: [member], properties: jsonObject({ [member]: list }) })
}

/** And the schemas that it names there. */
export const ADMITTING_SCHEMAS = {
  ...LIVENESS_SCHEMAS,
  NonceRequest: nonceRequestCodec.schema,
  NonceTicket: ticketCodec.schema,
  Enrollment: enrollmentCodec.schema,
  Receipt: receiptCodec.schema,
  Policies: listOf('policies', jsonObject({ type: 'object' })),
} as const
