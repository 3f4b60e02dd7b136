import { VouchError } from '@vouch/protocol'

// What the server or the way to it refused, by its code alone: words of the server's may quote what was sent to it, and the
// address may have a password in it. Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html

interface Said {
  readonly code: VouchError['code']
  readonly rule: string
  readonly hint: string
}

const AGAIN = 'see that the server runs and can be reached; what was acknowledged is there'

const SAID: readonly (readonly [RegExp, Said])[] = [
  [
    /^28/,
    {
      code: 'STORAGE_FAILED',
      rule: 'the database server refuses this user or password',
      hint: 'correct the user in the address, and the password in PGPASSFILE or PGPASSWORD',
    },
  ],
  [
    /^3D000$/,
    { code: 'FILE_NOT_FOUND', rule: 'the server has no such database', hint: 'make it with createdb' },
  ],
  [
    /^(42P01|3F000)$/,
    {
      code: 'FILE_NOT_FOUND',
      rule: 'the database has no such table',
      hint: 'make a registry with registrar init',
    },
  ],
  [
    /^42501$/,
    {
      code: 'STORAGE_FAILED',
      rule: 'this user may not use the tables',
      hint: 'grant the user what docs/operators.md lists',
    },
  ],
  [
    /^25006$/,
    {
      code: 'STORAGE_FAILED',
      rule: 'the server takes no writes: it is a replica',
      hint: 'name the primary, or promote this one',
    },
  ],
  [
    /^(53100|53200|53300|53400)$/,
    {
      code: 'STORAGE_FAILED',
      rule: 'the database server has no room',
      hint: 'give the server disk, memory or connections',
    },
  ],
  [
    /^(55P03|57014|25P03|40001|40P01)$/,
    { code: 'LOCKED', rule: 'another process has the database', hint: 'try again in a while' },
  ],
  [
    /^XX00[12]$/,
    {
      code: 'LOG_CORRUPT',
      rule: 'the server found damaged data',
      hint: 'fail over to a replica, or restore a backup: see docs/operators.md',
    },
  ],
  [
    /^(08|57P|E[A-Z]+$)/,
    { code: 'STORAGE_FAILED', rule: 'the database server cannot be reached', hint: AGAIN },
  ],
]

/** The refusal in words. An error that is neither the server's nor the network's is a bug, and is passed on as it is. */
export function postgresFailure(error: unknown): VouchError {
  const code = codeOf(error)
  const [, said] = SAID.find(([pattern]) => pattern.test(code)) ?? []
  if (said === undefined) throw error
  const { code: kind, rule, hint } = said
  return new VouchError(kind, { rule, given: code, hint })
}

/** Node joins the failures of several addresses into one error; the driver gives none a code that it ended itself. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  if (!(error instanceof Error)) return ''
  if ('code' in error && typeof error.code === 'string') return error.code
  return /connection|timeout/i.test(error.message) ? 'ECONNRESET' : ''
}
