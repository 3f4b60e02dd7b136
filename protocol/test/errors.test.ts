import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  assertKind,
  assertWanted,
  buildServiceTree,
  checkTicket,
  decodeEnvelope,
  decodeRequest,
  type EnrollInputs,
  type ErrorCode,
  EXIT_OF,
  type ExitStatus,
  encodeRequest,
  exitStatus,
  fixedPath,
  fixedRoot,
  inputList,
  issueNonce,
  NONCE_LIFETIME,
  type NonceGiver,
  parseJson,
  parseRequest,
  printRequest,
  publicKeyFromUncompressed,
  type Service,
  sentence,
  shown,
  signedHead,
  VouchError,
} from '../src/index.js'
import { expectRefusal, refusalOf } from '../testing/refusal.js'
import { head, request } from './support/samples.js'

const bytes = encodeRequest(request)
const file = printRequest(request)
const service: Service = {
  drv: new Uint8Array(32),
  instance: 0,
  publicKey: { x: new Uint8Array(32), y: new Uint8Array(32) },
}

const giver: NonceGiver = { registryId: new Uint8Array(32), nonceKey: new Uint8Array(32).fill(2) }
const ticket = issueNonce(giver, 7n, 0, new Uint8Array(8))

/** For every code that the protocol throws, a misuse that it throws it for, and the rule that it then states. */
const THROWN: Partial<Record<ErrorCode, readonly [misuse: () => unknown, rule: string]>> = {
  USAGE: [
    () => assertKind(undefined, 'time', 'now'),
    'now is missing; it must be a time: whole seconds since 1970',
  ],
  JSON_MALFORMED: [() => parseJson('{'), 'a member must have a name'],
  JSON_DUPLICATE_MEMBER: [() => parseJson('{"a":1,"a":1}'), 'a member may appear once'],
  MEMBER_MISSING: [() => parseRequest('{}'), 'request must have the member version'],
  MEMBER_UNKNOWN: [
    () => parseRequest(file.replace('{', '{"note":1,')),
    'request must have no other members than its own',
  ],
  VALUE_MALFORMED: [
    () => parseRequest(file.replace(/"challenge":"../, '"challenge":"')),
    'request.challenge must be 64 hexadecimal digits',
  ],
  VALUE_OUT_OF_RANGE: [
    () => decodeRequest(bytes.with(98, 9)),
    'request.profile must be one of sha256, eip191',
  ],
  VERSION_UNKNOWN: [() => decodeRequest(bytes.with(0, 1)), 'request.version must be 2'],
  NOT_ASCENDING: [
    () => encodeRequest({ ...request, policies: [2n, 1n] }),
    'request.policies must be distinct and ascend',
  ],
  NOT_CANONICAL: [() => decodeRequest(bytes.with(66, 1)), 'request.context must be zero when it is absent'],
  TOO_LARGE: [
    () => encodeRequest({ ...request, policies: [] }),
    'request.policies must have 1 to 16 entries',
  ],
  TRUNCATED: [() => decodeEnvelope(new Uint8Array(3)), 'envelope must hold 18 bytes of magic at offset 0'],
  TRAILING_BYTES: [
    () => decodeRequest(Uint8Array.from([...bytes, 0])),
    `request must end at offset ${bytes.length}`,
  ],
  KEY_MALFORMED: [
    () => publicKeyFromUncompressed(new Uint8Array(65)),
    'an uncompressed public key must start with 04',
  ],
  HEAD_SIGNATURE_FALSE: [
    () => signedHead(head, head.signer, new Uint8Array(64)),
    "the head's signature must hold under the signer it names",
  ],
  TREE_COLLISION: [
    () => buildServiceTree([service, service]),
    'a service and instance may appear once in a tree',
  ],
  STATEMENT_MISMATCH: [
    () => decodeEnvelope(new TextEncoder().encode('vouch-grant-v1\0')),
    'an envelope must be the statement of an answer',
  ],
  NONCE_UNKNOWN: [
    () => checkTicket({ ...giver, registryId: new Uint8Array(32).fill(1) }, ticket, 0),
    "the nonce must be of this registrar's registry",
  ],
  NONCE_EXPIRED: [
    () => checkTicket(giver, ticket, NONCE_LIFETIME + 1),
    `the nonce must be at most ${NONCE_LIFETIME} s old`,
  ],
  CANCELLED: [() => assertWanted(AbortSignal.abort()), 'the operation was cancelled by its caller'],
  INTERNAL: [() => inputList({} as EnrollInputs), 'the public input report_data must be there'],
  TREE_FULL: [() => fixedRoot(0, [1n, 2n]), 'a tree of depth 0 holds 1 leaves'],
  LEAF_MISSING: [() => fixedPath(1, [], 0), 'a leaf index must be one of the leaves'],
}

describe('errors', () => {
  it.each(Object.entries(THROWN))('%s says which rule must hold', (code, [misuse, rule]) => {
    expectRefusal(misuse, code as ErrorCode, rule)
  })

  it('are in the table above with every code that the sources throw', () => {
    const sources = fileURLToPath(new URL('../src/', import.meta.url))
    const thrown = readdirSync(sources, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => [...readFileSync(sources + name, 'utf8').matchAll(/new VouchError\('(\w+)'/g)])
      .map(([, code]) => code)
    expect([...new Set(thrown)].sort()).toEqual(Object.keys(THROWN).sort())
  })

  it('are sentences of the rule and of what was given', () => {
    const refusal = refusalOf(() => decodeRequest(bytes.with(0, 1)))
    expect(refusal).toBeInstanceOf(VouchError)
    expect(String(refusal)).toBe('VouchError: request.version must be 2; given: 1')
    expect(refusal.hint).toBe('a newer release may read it')
    expect(sentence({ rule: 'it must hold' })).toBe('it must hold')
  })

  it('keep what caused them', () => {
    const cause = new Error('disk')
    expect(new VouchError('INTERNAL', { rule: 'disks must turn' }, { cause }).cause).toBe(cause)
  })
})

describe('the exit status', () => {
  it('is the lowest of all failures, and 0 without any', () => {
    const failing = (...codes: ErrorCode[]) => exitStatus(codes.map((code) => ({ code, rule: '' })))
    expect(failing()).toBe(0)
    expect(failing('HEAD_MISSING')).toBe(4)
    expect(failing('HEAD_MISSING', 'HEAD_TOO_OLD')).toBe(3)
    expect(failing('HEAD_TOO_OLD', 'PROOF_FALSE', 'HEAD_MISSING')).toBe(2)
    expect(failing('PROOF_FALSE', 'USAGE')).toBe(1)
  })

  it('is 4 whenever the protocol cannot read something; its caller, a signature and a nonce may be wrong', () => {
    const others: Partial<Record<ErrorCode, ExitStatus>> = {
      USAGE: 1,
      HEAD_SIGNATURE_FALSE: 2,
      NONCE_UNKNOWN: 3,
      NONCE_EXPIRED: 3,
    }
    for (const code of Object.keys(THROWN) as ErrorCode[]) expect(EXIT_OF[code]).toBe(others[code] ?? 4)
  })
})

describe('a value in a message', () => {
  it('is one short line of printable ASCII, whatever an attacker wrote', () => {
    const hostile = ['\u001b[2J\n\r', '\u202e€'.repeat(1000), '\u0000'.repeat(80), 'a'.repeat(4_000_000)]
    for (const text of hostile) {
      expect(shown(text)).toMatch(/^[\x20-\x7e]{1,82}(… \(\d+ characters\))?$/)
    }
  })

  it('shows what it can', () => {
    expect(shown('a')).toBe('"a"')
    expect(shown(12n)).toBe('12')
    expect(shown(null)).toBe('null')
    expect(shown('a'.repeat(78))).toBe(`"${'a'.repeat(78)}"`)
    expect(shown('a'.repeat(200))).toBe(`"${'a'.repeat(59)}… (200 characters)`)
  })
})
