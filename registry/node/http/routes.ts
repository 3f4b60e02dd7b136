import { headCodec, plain, printHead } from '@vouch/protocol'
import { bytesAnswer, jsonAnswer, type Routes } from '@vouch/protocol/node/http'
import { printBucketIndex } from '../../src/buckets.js'
import { admittingRoutes, NO_BODY } from './admitting.js'
import { openApi } from './openapi.js'
import type { Service } from './service.js'

/** Every route, one entry each. `openapi.ts` describes the same ones; a test compares the two. */
export const ROUTES: Routes<Service> = {
  ...admittingRoutes(openApi),
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
}
