import { type Failure, jsonObject, plain } from '@vouch/protocol'
import {
  getOperation,
  jsonAnswer,
  jsonResponse,
  openApiDocument,
  postOperation,
  type Routes,
  refusal,
  response,
  type Site,
} from '@vouch/protocol/node/http'
import type { Admission } from '../../src/admission.js'
import { enrollmentCodec, MAX_ENROLLMENT_BYTES } from '../../src/enrollment.js'
import {
  type NonceTicket,
  nonceRequestCodec,
  parseNonceRequest,
  printTicket,
  ticketCodec,
} from '../../src/nonce.js'
import {
  type Endorsement,
  endorsementCodec,
  MAX_PROPOSAL_BYTES,
  type Proposal,
  parseProposal,
  printEndorsement,
  proposalCodec,
} from '../../src/proposal.js'
import { printReceipt, receiptCodec } from '../../src/receipt.js'

/** What a trust node answers strangers and peers. */
export interface NodeService {
  nonce(credential: bigint): Promise<NonceTicket>
  /** Judges an enrollment, has peers sign as well, and puts it on chain. */
  admit(file: Uint8Array, from: string): Promise<Admission>
  /** Judges what a peer proposes, and signs it or says why not. */
  endorse(proposal: Proposal, from: string): Promise<Endorsement | readonly Failure[]>
  policies(): readonly string[]
  noteRefusal(from: string, failures: readonly Failure[]): Promise<void>
}

const NO_BODY = 0

/** Every route, one entry each. The document below describes the same ones; a test compares the two. */
export const NODE_ROUTES: Routes<NodeService> = {
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
  '/admissions': {
    method: 'POST',
    path: /^\/admissions$/,
    bodyLimit: MAX_PROPOSAL_BYTES,
    answer: async (service, { body, from }) => {
      const endorsed = await service.endorse(parseProposal(body), from)
      return 'version' in endorsed ? jsonAnswer(printEndorsement(endorsed)) : refusal(endorsed)
    },
  },
  '/policies.json': {
    method: 'GET',
    path: /^\/policies\.json$/,
    bodyLimit: NO_BODY,
    answer: (service) => jsonAnswer(`{"policies":[${service.policies().join(',')}]}`),
  },
  '/openapi.json': {
    method: 'GET',
    path: /^\/openapi\.json$/,
    bodyLimit: NO_BODY,
    answer: () => jsonAnswer(OPEN_API),
  },
  '/health': {
    method: 'GET',
    path: /^\/health$/,
    bodyLimit: NO_BODY,
    answer: () => jsonAnswer('{"status":"ok"}'),
  },
}

const OPEN_API = JSON.stringify(
  plain(
    openApiDocument({
      title: 'Vouch trust node',
      description: 'Verifies enrollments for a registry on chain, signs what it found, and puts it there.',
      paths: {
        '/nonce': postOperation(
          'a nonce for evidence: registry, a recent block and one credential',
          'NonceRequest',
          '200',
          jsonResponse('NonceTicket', 'the nonce'),
        ),
        '/enroll': postOperation(
          'asks to be admitted',
          'Enrollment',
          '201',
          jsonResponse('Receipt', 'on chain'),
        ),
        '/admissions': postOperation(
          'asks this node to sign as well',
          'Proposal',
          '200',
          jsonResponse('Endorsement', 'its signature on the admission'),
        ),
        '/policies.json': getOperation(
          'the admission policies that this node has documents of',
          jsonResponse('Policies', 'documents'),
        ),
        '/openapi.json': getOperation('this document', response('application/json', 'OpenAPI 3.1')),
        '/health': getOperation('whether the node answers', response('application/json', 'it does')),
      },
      schemas: {
        NonceRequest: nonceRequestCodec.schema,
        NonceTicket: ticketCodec.schema,
        Enrollment: enrollmentCodec.schema,
        Receipt: receiptCodec.schema,
        Proposal: proposalCodec.schema,
        Endorsement: endorsementCodec.schema,
        Policies: jsonObject({ type: 'object', required: ['policies'] }),
      },
    }),
  ),
)

/** What a trust node serves. */
export function nodeSiteOf(service: NodeService): Site<NodeService> {
  return {
    routes: NODE_ROUTES,
    service,
    noteRefusal: (from, failures) => service.noteRefusal(from, failures),
  }
}
