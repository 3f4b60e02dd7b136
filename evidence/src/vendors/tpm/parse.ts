import { equalBytes, VouchError } from '@vouch/protocol'
import { isMeantAsPublicKey } from '../../core/der/meant.js'
import type { Notes } from '../../core/notes.js'
import { pemBlocks } from '../../core/pem.js'
import { assertPublicKey } from '../../x509/public-key.js'
import { parseEventLog } from '../eventlog/parse.js'
import { parseTcg12 } from '../eventlog/tcg12.js'
import { allParts, onePart, optionalPart, type Parts, type Sorted } from '../sorted.js'
import { parseAttest } from './attest.js'
import { parsePcrs, printPcrs } from './pcrs.js'
import { parsePublicArea, publicAreaBytes } from './public-area.js'
import { parseSignature } from './signature.js'
import type { Attest, GivenSignature, PcrBank, QuoteEvidence, TpmAttested, TpmEvidence } from './types.js'

/** A quote with whatever came along to judge it by. */
export function parseTpm({ parts, certificates, revocationLists }: Sorted, notes: Notes): TpmEvidence {
  const publicArea = notes.read(() => publicAreaIn(parts))
  const signatures = (parts['tpm-signature'] ?? []).map(({ bytes }) => parseSignature(bytes))
  return {
    format: 'tpm',
    ...parseQuoteParts(parts, signatures, notes),
    keys: notes.readAll(allParts(parts, 'public-key'), readPublicKey),
    ...(publicArea === undefined ? {} : { publicArea }),
    certificates,
    revocationLists,
  }
}

function publicAreaIn(parts: Parts): TpmEvidence['publicArea'] {
  const found = allParts(parts, 'tpm-public-area').map(({ bytes }) => publicAreaBytes(bytes))
  const [bytes, ...others] = found
  if (bytes === undefined) return undefined
  // A key may come as TPMT_PUBLIC and as TPM2B_PUBLIC: it is one all the same.
  if (others.every((other) => equalBytes(other, bytes))) return { area: parsePublicArea(bytes), bytes }
  throw new VouchError('EVIDENCE_AMBIGUOUS', {
    rule: 'the files must hold one tpm public area',
    given: `${found.length}`,
    hint: 'judge them one after the other',
  })
}

/** What there is of a quote whoever signed it: the attestation, PCR values, and the log that led to them. */
export function parseQuoteParts(
  parts: Parts,
  signatures: readonly GivenSignature[],
  notes: Notes,
): QuoteEvidence {
  if (signatures.length === 0) onePart(parts, 'tpm-signature')
  if (signatures.length > MAX_SIGNATURES)
    throw new VouchError('EVIDENCE_AMBIGUOUS', {
      rule: 'the files must hold the signature of a quote, and of a creation attestation at most',
      given: `${signatures.length}`,
    })
  const attests = (parts['tpm-attest'] ?? []).map(({ bytes }) => parseAttest(bytes))
  const creation = single(attests, 'creation')
  const eventLog = notes.read(() => eventLogIn(parts))
  return {
    quote: single(attests, 'quote') ?? missingQuote(),
    ...(creation === undefined ? {} : { creation }),
    signatures,
    pcrBanks: differentBanks(notes.readAll(allParts(parts, 'pcr-values'), parsePcrs).flat()),
    ...(eventLog === undefined ? {} : { eventLog }),
  }
}

/** The log, of SHA-1 digests alone or crypto-agile: a quote leads to one of them. */
function eventLogIn(parts: Parts): QuoteEvidence['eventLog'] {
  const old = optionalPart(parts, 'tcg12-event-log')
  const log = optionalPart(parts, 'event-log')
  if (old !== undefined && log !== undefined)
    throw new VouchError('EVIDENCE_AMBIGUOUS', { rule: 'the files must hold one event log' })
  if (old !== undefined) return parseTcg12(old.bytes)
  return log === undefined ? undefined : parseEventLog(log.bytes).events
}

/** Values that are given twice, in whatever spelling, are given once. */
function differentBanks(banks: readonly PcrBank[]): readonly PcrBank[] {
  const printed = banks.map(printPcrs)
  return banks.filter((_, i) => printed.indexOf(printed[i] ?? '') === i)
}

/** One over a quote, one over a creation attestation. */
const MAX_SIGNATURES = 2

function single<Type extends Attest['type']>(
  attests: readonly TpmAttested[],
  type: Type,
): TpmAttested<Extract<Attest, { type: Type }>> | undefined {
  const [first, ...others] = attests.filter(
    (entry): entry is TpmAttested<Extract<Attest, { type: Type }>> => entry.attest.type === type,
  )
  if (others.length === 0) return first
  throw new VouchError('EVIDENCE_AMBIGUOUS', {
    rule: `the files must hold one TPMS_ATTEST of type ${type}`,
    given: `${others.length + 1}`,
    hint: 'judge them one after the other',
  })
}

function missingQuote(): never {
  throw new VouchError('EVIDENCE_MISSING', { rule: 'the files must hold a quote of the TPM (TPMS_ATTEST)' })
}

const PEM_PUBLIC_KEY = 'PUBLIC KEY'

/** Whether bytes are meant as a SubjectPublicKeyInfo, in PEM or in DER. */
export function looksLikePublicKey(bytes: Uint8Array): boolean {
  return (
    isMeantAsPublicKey(bytes) ||
    new TextDecoder().decode(bytes.subarray(0, 64)).startsWith(`-----BEGIN ${PEM_PUBLIC_KEY}-----`)
  )
}

function readPublicKey(bytes: Uint8Array): Uint8Array {
  if (isMeantAsPublicKey(bytes)) return assertPublicKey(bytes)
  const [block, ...others] = pemBlocks(bytes)
  if (block?.label === PEM_PUBLIC_KEY && others.length === 0) return assertPublicKey(block.der)
  throw new VouchError('KEY_MALFORMED', { rule: 'a file of a public key must hold one, in PEM' })
}
