// What every HTTP server of this project shares: limits, bodies, answers, refusals, and the words of its OpenAPI document.

export type { LabelValues, Meter, Metric } from '../metrics/meter.js'
export { NO_METER } from '../metrics/meter.js'
export { openMeter } from '../metrics/open-meter.js'
export type { HttpAnswer } from './answer.js'
export {
  bytesAnswer,
  failureOf,
  jsonAnswer,
  PROMETHEUS_TEXT,
  refusal,
  refusalBody,
  refusalOf,
  sendAnswer,
} from './answer.js'
export { readBody } from './body.js'
export { isLoopback, type ProxyAddress, proxyArgument } from './client-address.js'
export { type Callers, Gate } from './gate.js'
export { CODE_LABEL, HTTP_METRICS } from './http-metrics.js'
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
export { listening, urlAt } from './listening.js'
export type { ListeningOptions, ObservingOptions, TlsOptions } from './listening-options.js'
export {
  hostAndPort,
  LISTENING_OPTIONS,
  limitsFile,
  OBSERVING_OPTIONS,
  observedOf,
  placeOf,
  TLS_OPTIONS,
  tlsOf,
} from './listening-options.js'
export { LIVENESS_PATHS, LIVENESS_ROUTES, LIVENESS_SCHEMAS, type Live, oncePer } from './liveness.js'
export { LIVENESS_METRICS, observe } from './metrics-server.js'
export { type MutualAsk, postMutual } from './mutual-client.js'
export { networkOf } from './network.js'
export type { Address, AskOutcome, EndedRequest, Observed } from './observed.js'
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
export { type RequestLogOptions, requestLog } from './request-log.js'
export type { HttpAsked, Route, Routes } from './routes.js'
export type { ListeningPlace, RunningServer, Site } from './server.js'
export { meteredGate, startServer } from './server.js'
export type { TlsFiles, TlsServerOptions } from './tls.js'
export { TlsIdentity } from './tls.js'
export type { Grant, Rate } from './token-buckets.js'
export { TokenBuckets } from './token-buckets.js'
