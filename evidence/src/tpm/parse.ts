import { VouchError } from '@vouch/protocol'
import { contentAt, TAG } from '../der/der.js'
import { parseEventLog } from '../eventlog/parse.js'
import { parseTcg12 } from '../eventlog/tcg12.js'
import type { Sorted } from '../files.js'
import { onePart, optionalPart, type Parts } from '../parts.js'
import { pemBlocks } from '../pem.js'
import { assertPublicKey } from '../x509/public-key.js'
import { parseAttest } from './attest.js'
import { parsePcrs } from './pcrs.js'
import { parsePublicArea } from './public-area.js'
import { parseSignature } from './signature.js'
import type { Attest, Attested, GivenSignature, QuoteEvidence, TpmEvidence } from './types.js'

/** A quote with whatever came along to judge it by. */
export function parseTpm({ parts, certificates, revocationLists }: Sorted): TpmEvidence {
  const area = optionalPart(parts, 'tpm-public-area')
  const signatures = (parts['tpm-signature'] ?? []).map(({ bytes }) => parseSignature(bytes))
  return {
    format: 'tpm',
    ...parseQuoteParts(parts, signatures),
    keys: (parts['public-key'] ?? []).map(({ bytes }) => readPublicKey(bytes)),
    ...(area === undefined ? {} : { publicArea: { area: parsePublicArea(area.bytes), bytes: area.bytes } }),
    certificates,
    revocationLists,
  }
}

/** What there is of a quote whoever signed it: the attestation, PCR values, and the log that led to them. */
export function parseQuoteParts(parts: Parts, signatures: readonly GivenSignature[]): QuoteEvidence {
  if (signatures.length === 0) onePart(parts, 'tpm-signature')
  if (signatures.length > MAX_SIGNATURES)
    throw new VouchError('EVIDENCE_AMBIGUOUS', {
      rule: 'the files must hold the signature of a quote, and of a creation attestation at most',
      given: `${signatures.length}`,
    })
  const attests = (parts['tpm-attest'] ?? []).map(({ bytes }) => parseAttest(bytes))
  const creation = single(attests, 'creation')
  return {
    quote: single(attests, 'quote') ?? missingQuote(),
    ...(creation === undefined ? {} : { creation }),
    signatures,
    pcrBanks: (parts['pcr-values'] ?? []).map(({ bytes }) => parsePcrs(bytes)),
    ...eventLogIn(parts),
  }
}

/** The log, of SHA-1 digests alone or crypto-agile: a quote leads to one of them. */
function eventLogIn(parts: Parts): Pick<QuoteEvidence, 'eventLog'> {
  const old = optionalPart(parts, 'tcg12-event-log')
  const log = optionalPart(parts, 'event-log')
  if (old !== undefined && log !== undefined)
    throw new VouchError('EVIDENCE_AMBIGUOUS', { rule: 'the files must hold one event log' })
  if (old !== undefined) return { eventLog: parseTcg12(old.bytes) }
  return log === undefined ? {} : { eventLog: parseEventLog(log.bytes).events }
}

/** One over a quote, one over a creation attestation. */
const MAX_SIGNATURES = 2

function single<Type extends Attest['type']>(
  attests: readonly Attested[],
  type: Type,
): Attested<Extract<Attest, { type: Type }>> | undefined {
  const [first, ...others] = attests.filter(
    (entry): entry is Attested<Extract<Attest, { type: Type }>> => entry.attest.type === type,
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

/** Whether bytes are meant as a SubjectPublicKeyInfo, in PEM or in DER: there a sequence that starts with an algorithm. */
export function looksLikePublicKey(bytes: Uint8Array): boolean {
  const algorithm = contentAt(bytes, 0) ?? 0
  const identifier = contentAt(bytes, algorithm) ?? 0
  const isDer =
    bytes[0] === TAG.SEQUENCE && bytes[algorithm] === TAG.SEQUENCE && bytes[identifier] === TAG.OID
  return (
    isDer || new TextDecoder().decode(bytes.subarray(0, 64)).startsWith(`-----BEGIN ${PEM_PUBLIC_KEY}-----`)
  )
}

function readPublicKey(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === 0x30) return assertPublicKey(bytes)
  const [block, ...others] = pemBlocks(bytes)
  if (block?.label === PEM_PUBLIC_KEY && others.length === 0) return assertPublicKey(block.der)
  throw new VouchError('KEY_MALFORMED', { rule: 'a file of a public key must hold one, in PEM' })
}
