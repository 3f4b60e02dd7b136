// What every HTTP server of this project shares: limits, bodies, answers, refusals, and the words of its OpenAPI document.

export type { Answer } from './answer.js'
export { bytesAnswer, failureOf, jsonAnswer, refusal, refusalBody, refusalOf, send } from './answer.js'
export { readBody } from './body.js'
export { isLoopback, type ProxyAddress } from './client-address.js'
export { LIVENESS_PATHS, LIVENESS_ROUTES, LIVENESS_SCHEMAS, type Live, oncePer } from './liveness.js'
export type { Description } from './openapi.js'
export {
  getOperation,
  jsonResponse,
  openApiDocument,
  parameter,
  postOperation,
  response,
} from './openapi.js'
export type { Asked, Route, Routes } from './routes.js'
export type { Limits, Place, RunningServer, Site } from './server.js'
export { startServer } from './server.js'
export type { Grant, Rate } from './token-buckets.js'
export { TokenBuckets } from './token-buckets.js'
