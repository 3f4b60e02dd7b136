// What every HTTP server of this project shares: limits, bodies, answers, refusals, and the words of its OpenAPI document.

export type { HttpAnswer } from './answer.js'
export { bytesAnswer, failureOf, jsonAnswer, refusal, refusalBody, refusalOf, sendAnswer } from './answer.js'
export { readBody } from './body.js'
export { isLoopback, type ProxyAddress, proxyArgument } from './client-address.js'
export { type Callers, Gate } from './gate.js'
export type { CrowdLimits, Limits } from './limits.js'
export {
  countOf,
  limitsFrom,
  milliseconds,
  type RateFile,
  rate,
  rateOf,
  readLimits,
  readNodeLimits,
  readYamlFile,
} from './limits-file.js'
export { listening } from './listening.js'
export type { ListeningOptions } from './listening-options.js'
export { LISTENING_OPTIONS, limitsFile, placeOf } from './listening-options.js'
export { LIVENESS_PATHS, LIVENESS_ROUTES, LIVENESS_SCHEMAS, type Live, oncePer } from './liveness.js'
export { networkOf } from './network.js'
export type { Description } from './openapi.js'
export {
  getOperation,
  jsonResponse,
  openApiDocument,
  parameter,
  postOperation,
  response,
} from './openapi.js'
export { type Origins, originsArgument } from './origins.js'
export type { HttpAsked, Route, Routes } from './routes.js'
export type { ListeningPlace, RunningServer, Site } from './server.js'
export { startServer } from './server.js'
export type { Grant, Rate } from './token-buckets.js'
export { TokenBuckets } from './token-buckets.js'
