import { bytesAnswer, jsonAnswer, type Routes } from '@vouch/host/http'
import { fromHex, headCodec, plain, printBucketIndex, printHead } from '@vouch/protocol'
import { admittingRoutes, NO_BODY } from './admitting.js'
import { registrarOpenApi } from './openapi.js'
import type { RegistrarService } from './service.js'

/** Every route, one entry each. `openapi.ts` describes the same ones; a test compares the two. */
export const REGISTRAR_ROUTES: Routes<RegistrarService> = {
  ...admittingRoutes(registrarOpenApi),
  '/head.json': {
    method: 'GET',
    path: /^\/head\.json$/,
    bodyLimit: NO_BODY,
    answer: async (service) => ({ ...jsonAnswer(printHead(await service.head())), caching: 'nothing' }),
  },
  '/heads': {
    method: 'GET',
    path: /^\/heads(?:\?after=([0-9]{1,15}))?$/,
    bodyLimit: NO_BODY,
    answer: async (service, { argument }) => {
      const heads = await service.headsAfter(argument === '' ? -1 : Number(argument))
      const body = JSON.stringify({ heads: heads.map((head) => plain(headCodec.toJson(head))) })
      return { ...jsonAnswer(body), caching: 'nothing' }
    },
  },
  '/leaves.json': {
    method: 'GET',
    path: /^\/leaves\.json$/,
    bodyLimit: NO_BODY,
    answer: async (service) => jsonAnswer(printBucketIndex(await service.buckets())),
  },
  '/leaves/{bucket}': {
    method: 'GET',
    path: /^\/leaves\/([0-9]{1,4}(?:\?root=[0-9a-f]{64})?)$/,
    bodyLimit: NO_BODY,
    answer: async (service, { argument }) => {
      const [number = '', root] = argument.split('?root=')
      return root === undefined
        ? bytesAnswer(await service.bucket(Number(number)))
        : { ...bytesAnswer(await service.bucket(Number(number), fromHex(root))), caching: 'content' }
    },
  },
}
