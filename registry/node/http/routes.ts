import { headCodec, plain, printHead } from '@vouch/protocol'
import { bytesAnswer, jsonAnswer, type Routes, refusal } from '@vouch/protocol/node/http'
import { printBucketIndex } from '../../src/buckets.js'
import { MAX_ENROLLMENT_BYTES } from '../../src/enrollment.js'
import { parseNonceRequest, printTicket } from '../../src/nonce.js'
import { printReceipt } from '../../src/receipt.js'
import { openApi } from './openapi.js'
import type { Service } from './service.js'

const NO_BODY = 0

/** Every route, one entry each. `openapi.ts` describes the same ones; a test compares the two. */
export const ROUTES: Routes<Service> = {
  '/nonce': {
    method: 'POST',
    path: /^\/nonce$/,
    bodyLimit: 1024,
    answer: (service, { body }) => jsonAnswer(printTicket(service.nonce(parseNonceRequest(body).credential))),
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
  '/head.json': {
    method: 'GET',
    path: /^\/head\.json$/,
    bodyLimit: NO_BODY,
    answer: (service) => jsonAnswer(printHead(service.head())),
  },
  '/heads': {
    method: 'GET',
    path: /^\/heads(?:\?after=([0-9]{1,15}))?$/,
    bodyLimit: NO_BODY,
    answer: (service, { argument }) => {
      const heads = service.headsAfter(argument === '' ? -1 : Number(argument))
      return jsonAnswer(JSON.stringify({ heads: heads.map((head) => plain(headCodec.toJson(head))) }))
    },
  },
  '/leaves.json': {
    method: 'GET',
    path: /^\/leaves\.json$/,
    bodyLimit: NO_BODY,
    answer: (service) => jsonAnswer(printBucketIndex(service.buckets())),
  },
  '/leaves/{bucket}': {
    method: 'GET',
    path: /^\/leaves\/([0-9]{1,4})$/,
    bodyLimit: NO_BODY,
    answer: (service, { argument }) => bytesAnswer(service.bucket(Number(argument))),
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

const OPEN_API = JSON.stringify(plain(openApi()))
