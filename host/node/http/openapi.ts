import { type Json, jsonObject } from '@vouch/protocol'

// The words that OpenAPI documents of this project are written in: every server's answers and refusals have one form.

type Members = Readonly<Record<string, Json>>

export interface Description {
  readonly title: string
  readonly description: string
  /** One entry for each route, made by `getOperation` or `postOperation`. */
  readonly paths: Members
  /** The schemas that `jsonResponse` names, from the codecs by which bodies are read. */
  readonly schemas: Members
}

const object = (members: Members): Json => jsonObject(members)
const json = (schema: string): Json =>
  object({ 'application/json': object({ schema: object({ $ref: `#/components/schemas/${schema}` }) }) })

/** A whole OpenAPI document. */
export function openApiDocument({ title, description, paths, schemas }: Description): Json {
  return object({
    openapi: '3.1.0',
    info: object({ title, version: '1', description }),
    paths: object(paths),
    components: object({ schemas: object({ ...schemas, Failures: FAILURES }) }),
  })
}

/** `more`: answers of other statuses that clients tell apart from a refusal. */
export function getOperation(
  summary: string,
  ok: Json,
  parameters: readonly Json[] = [],
  more: Members = {},
): Json {
  const operation = {
    summary,
    responses: object({ '200': ok, ...more, default: REFUSED }),
    ...(parameters.length === 0 ? {} : { parameters }),
  }
  return object({ get: object(operation) })
}

export function postOperation(summary: string, body: string, status: string, ok: Json): Json {
  const requestBody = object({ required: true, content: json(body) })
  return object({
    post: object({ summary, requestBody, responses: object({ [status]: ok, default: REFUSED }) }),
  })
}

export function parameter(name: string, place: 'path' | 'query', description: string, schema: Members): Json {
  return object({ name, in: place, required: place === 'path', description, schema: object(schema) })
}

/** An answer whose body is a value of one of the document's schemas. */
export function jsonResponse(schema: string, description: string): Json {
  return object({ description, content: json(schema) })
}

/** An answer of another type. */
export function response(type: string, description: string, schema: Members = {}): Json {
  return object({ description, content: object({ [type]: object({ schema: object(schema) }) }) })
}

const REFUSED = jsonResponse('Failures', 'refused, with every reason')

const FAILURES = object({
  type: 'object',
  required: ['failures'],
  properties: object({
    failures: object({
      type: 'array',
      minItems: 1,
      items: object({
        type: 'object',
        required: ['code', 'exit', 'rule'],
        properties: object({
          code: object({ type: 'string', description: 'one of docs/exit-codes.md' }),
          exit: object({ type: 'integer', minimum: 1, maximum: 4 }),
          rule: object({ type: 'string', description: 'what must hold' }),
          field: object({ type: 'string', description: 'of a policy, where one was compared with' }),
          wanted: object({ type: 'string', description: 'what the policy has there' }),
          given: object({ type: 'string' }),
          hint: object({ type: 'string' }),
        }),
      }),
    }),
  }),
})
