import { performance } from 'node:perf_hooks'
import { type Failure, type Json, jsonObject } from '@vouch/protocol'
import { jsonAnswer, refusal } from './answer.js'
import { getOperation, jsonResponse } from './openapi.js'
import type { Routes } from './routes.js'

/** A server that says whether it can do its work now. */
export interface Live {
  /** Everything that is in the way of its work; nothing when it is ready. */
  unready(): Promise<readonly Failure[]>
}

const RETRY_AFTER = 5

/**
 * Two questions that an operator's tools ask. `/health`: does the process answer? It asks nothing else, since a tool that gets no for an
 * answer starts the process again, which mends no full disk. `/ready`: shall clients be sent here?
 */
export const LIVENESS_ROUTES: Routes<Live> = {
  '/health': {
    method: 'GET',
    path: /^\/health$/,
    bodyLimit: 0,
    answer: () => jsonAnswer('{"status":"ok"}'),
  },
  '/ready': {
    method: 'GET',
    path: /^\/ready$/,
    bodyLimit: 0,
    answer: async (server) => {
      const failures = await server.unready()
      if (failures.length === 0) return jsonAnswer('{"status":"ready"}')
      return { ...refusal(failures), status: 503, retryAfter: RETRY_AFTER }
    },
  },
}

/** What a document says of these routes. */
export const LIVENESS_PATHS = {
  '/health': getOperation('whether the process is alive', jsonResponse('Health', 'it is')),
  '/ready': getOperation('whether the server can do its work now', jsonResponse('Readiness', 'it can'), [], {
    '503': jsonResponse('Failures', 'it cannot: everything that is in the way'),
  }),
} as const

const status = (value: string): Json =>
  jsonObject({
    type: 'object',
    required: ['status'],
    properties: jsonObject({ status: jsonObject({ const: value }) }),
  })

/** And the schemas that it names there. */
export const LIVENESS_SCHEMAS = { Health: status('ok'), Readiness: status('ready') } as const

/** Asks at most once in so many seconds: the question writes to the disk, and strangers may ask it again and again. */
export function oncePer<Answer>(seconds: number, ask: () => Promise<Answer>): () => Promise<Answer> {
  let last: { readonly at: number; readonly answer: Promise<Answer> } | undefined
  return () => {
    const now = performance.now() / 1000
    if (last === undefined || now - last.at >= seconds) last = { at: now, answer: ask() }
    return last.answer
  }
}
