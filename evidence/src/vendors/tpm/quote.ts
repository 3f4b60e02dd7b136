import { type Checks, equalBytes, must } from '@vouch/protocol'
import { attempt, checkTrailing } from '../../core/checks.js'
import type { Slot } from '../claims.js'
import type { TpmHash } from '../eventlog/banks.js'
import { replay } from '../eventlog/replay.js'
import type { LoggedEvent } from '../eventlog/types.js'
import { isDigestOf, selectedValues } from './pcrs.js'
import { isSignedByTpm } from './signature.js'
import type { PcrsByIndex, PcrValue, QuoteClaims, QuoteEvidence, TpmAttested, TpmQuote } from './types.js'

/** What came along with a quote and holds: values of PCRs, and which of them the event log leads to. */
export interface Quoted {
  readonly pcrs: readonly PcrValue[]
  readonly replayed: string
}

/** Checks everything that came along against the quote itself. It needs no key: a key that is missing must not hide what is false. */
export function checkQuoted(checks: Checks, evidence: QuoteEvidence): Quoted {
  // 1. PCR values are those that the quote has the digest of.
  const pcrs = checkPcrs(checks, evidence)
  // 2. The event log leads to the same values.
  const { eventLog, pcrBanks } = evidence
  if (eventLog === undefined) return { pcrs, replayed: '' }
  if (pcrBanks.length > 0) return { pcrs, replayed: checkLog(checks, eventLog, pcrs) }
  checkLogAlone(checks, eventLog, evidence)
  return { pcrs, replayed: '' }
}

/** Checks a quote against the key that is said to have signed it. */
export async function checkQuote(
  checks: Checks,
  { quote, creation, signatures }: QuoteEvidence,
  spki: Uint8Array,
  quoted: Quoted,
): Promise<QuoteClaims | undefined> {
  // Everything that a TPM is said to have signed is signed by the key, and every signature is of something that is here.
  const used: number[] = []
  const isSigned = async ({ bytes, trailing }: TpmAttested, what: string): Promise<boolean> => {
    checkTrailing(checks, `the ${what}`, trailing)
    for (const [i, { signature }] of signatures.entries()) {
      const holds = !used.includes(i) && (await attempt(checks, () => isSignedByTpm(spki, signature, bytes)))
      if (holds === undefined) return false // a key that is none, which is said already
      if (holds) return used.push(i) > 0
    }
    return false
  }
  must(checks, await isSigned(quote, 'quote'), 'EVIDENCE_SIGNATURE_FALSE', {
    rule: 'the quote must be signed by the attestation key',
  })
  const [signedWith] = used
  if (creation !== undefined)
    must(checks, await isSigned(creation, 'creation attestation'), 'EVIDENCE_SIGNATURE_FALSE', {
      rule: 'the creation attestation must be signed by the attestation key',
    })
  for (const { trailing } of signatures) checkTrailing(checks, 'the signature', trailing)
  const signature = signedWith === undefined ? undefined : signatures[signedWith]?.signature
  if (signature === undefined) return undefined
  must(checks, used.length === signatures.length, 'EVIDENCE_SIGNATURE_FALSE', {
    rule: 'each signature must be over an attestation that came along',
  })
  return claimsOf(quote.attest, { scheme: signature.scheme, hash: signature.hash, ...quoted })
}

/** The values that the quote vouches for; none where none came along, or where they are not those. */
function checkPcrs(
  checks: Checks,
  { quote: { attest }, pcrBanks, signatures }: QuoteEvidence,
): readonly PcrValue[] {
  if (pcrBanks.length === 0) {
    checks.leave('PCR values: none came along, and the quote holds their digest alone')
    return []
  }
  const selected = selectedValues(attest.selections, pcrBanks)
  const isWhole = must(checks, selected.missing.length === 0, 'COLLATERAL_MISSING', {
    rule: 'the value of each PCR that the quote selects must come along',
    ...(selected.missing.length === 0 ? {} : { given: `none of ${selected.missing.join(', ')}` }),
  })
  // Values that the quote does not select are not its own, whichever others are missing.
  const isDigest = isDigestIn(attest, signatures, selected.values)
  const holds = must(checks, selected.isAll && (isDigest || !isWhole), 'EVIDENCE_BINDING_FALSE', {
    rule: 'the PCR values must be those that the quote has the digest of, and no others',
  })
  return holds && isWhole ? selected.values : []
}

/** The registers that the log leads to: in each bank that it has digests for, those that it speaks of. */
function checkLog(checks: Checks, events: readonly LoggedEvent[], pcrs: readonly PcrValue[]): string {
  const banks = [...new Set(pcrs.map(({ bank }) => bank))]
  const replays = new Map(banks.map((bank) => [bank, replay(events, bank)]))
  const compared = pcrs.flatMap(({ bank, index, value }) => {
    const wanted = replays.get(bank)?.get(index)
    return wanted === undefined ? [] : [{ name: `${bank}:${index}`, holds: equalBytes(wanted, value) }]
  })
  const wrong = compared.filter(({ holds }) => !holds).map(({ name }) => name)
  must(checks, wrong.length === 0, 'EVENT_LOG_FALSE', {
    rule: 'the event log must lead to the PCR values',
    ...(wrong.length === 0 ? {} : { given: `not to ${wrong.join(', ')}` }),
  })
  if (compared.length === 0) checks.leave('the event log: the quote vouches for no PCR that it speaks of')
  // What an event says about itself, its digest need not be of.
  else checks.leave('what the events of the log say: PCRs vouch for their digests alone')
  return compared.map(({ name }) => name).join(', ')
}

/** A log without PCR values leads to the digest itself, where it speaks of every PCR in it. */
function checkLogAlone(
  checks: Checks,
  events: readonly LoggedEvent[],
  { quote: { attest }, signatures }: QuoteEvidence,
): void {
  const banks = attest.selections.map(({ hash }) => ({ bank: hash, values: replay(events, hash) }))
  const { values, missing } = selectedValues(attest.selections, banks)
  if (missing.length > 0) {
    checks.leave(`the event log: it does not speak of ${missing.join(', ')}, whose values did not come along`)
    return
  }
  must(checks, isDigestIn(attest, signatures, values), 'EVENT_LOG_FALSE', {
    rule: 'the event log must lead to the PCR values that the quote has the digest of',
  })
}

/** The digest is taken with the hash of the quote's signature, which is one of those that came along. */
const isDigestIn = (
  { pcrDigest }: TpmQuote,
  signatures: QuoteEvidence['signatures'],
  values: readonly PcrValue[],
): boolean => signatures.some(({ signature }) => isDigestOf(pcrDigest, values, signature.hash))

interface Found {
  readonly scheme: QuoteClaims['scheme']
  readonly hash: TpmHash
  readonly pcrs: readonly PcrValue[]
  readonly replayed: string
}

function claimsOf(quote: TpmQuote, { pcrs, ...found }: Found): QuoteClaims {
  const { firmwareVersion, clock, resetCount, restartCount, safe, selections } = quote
  const banks = [...new Set(pcrs.map(({ bank }) => bank))]
  const valuesIn = (wanted: TpmHash): PcrsByIndex =>
    Object.fromEntries(
      pcrs.filter(({ bank }) => bank === wanted).map(({ index, value }) => [String(index), value]),
    )
  return {
    ...found,
    firmwareVersion,
    clock,
    resetCount,
    restartCount,
    safe,
    selected: Object.fromEntries(selections.map(({ hash, pcrs }) => [hash, pcrs.join(', ')])),
    pcrs: Object.fromEntries(banks.map((bank) => [bank, valuesIn(bank)])),
  }
}

/** What a guest chooses in a quote. */
export const quoteSlots = ({ quote }: QuoteEvidence): readonly Slot[] => [
  { name: 'extraData', bytes: quote.attest.extraData, holds: 'short_report_data' },
]
