import { type Checks, equalBytes, toHex } from '@vouch/protocol'
import type { AppraisalFailure } from '../../core/checks.js'
import { NOT_CONFIDENTIAL, type QuotePins, type StrongHash, type TpmPins } from './pins.js'
import type { QuoteClaims, TpmClaims } from './types.js'

/** Compares claims with pins, all of them: a person who is refused sees everything that is in the way. */
export function appraiseTpm(checks: Checks<AppraisalFailure>, claims: TpmClaims, pins: TpmPins): void {
  checkKey(checks, claims, pins)
  const { firmwareVersion } = claims.quote
  checks.note(pins.firmware === 'any' || has(pins.firmware, firmwareVersion), {
    code: 'MEASUREMENT_NOT_ACCEPTED',
    rule: 'the TPM’s firmware must be one that the policy names',
    field: 'firmware',
    wanted: pins.firmware === 'any' ? 'any' : pins.firmware.map(toHex).join(' or '),
    given: toHex(firmwareVersion),
  })
  appraiseQuote(checks, claims.quote, pins)
}

/** What holds whoever asks: somebody vouches for the key, and nothing rests on SHA-1. */
export function inspectTpm(
  checks: Checks<AppraisalFailure>,
  { root, attestationKey, quote }: TpmClaims,
): void {
  checks.note(root !== undefined, {
    code: 'COLLATERAL_MISSING',
    rule: 'somebody must vouch for the attestation key',
    field: 'keys',
    wanted: 'a chain to a pinned root, or a policy that names the key',
    given: toHex(attestationKey),
    hint: 'give the certificates of the key, or a policy',
  })
  inspectQuote(checks, quote)
  checks.leave(`confidentiality: ${NOT_CONFIDENTIAL}`)
}

function checkKey(
  checks: Checks<AppraisalFailure>,
  { root, attestationKey }: TpmClaims,
  pins: TpmPins,
): void {
  const isNamed = has(pins.keys, attestationKey)
  const isVouched = root !== undefined && has(pins.roots, root.spki)
  checks.note(isNamed || isVouched, {
    // A root that the policy does not name is a refusal; no root at all leaves it open whose the key is.
    code: root === undefined ? 'COLLATERAL_MISSING' : 'VENDOR_ROOT_NOT_ACCEPTED',
    rule: 'the attestation key must be one that the policy names, or lead to a root that it names',
    field: 'roots',
    wanted: [...pins.roots, ...pins.keys].map(toHex).join(' or '),
    given: root === undefined ? toHex(attestationKey) : `${toHex(root.spki)} (${root.name})`,
  })
}

/** What a policy wants of a quote, whoever vouches for its key. */
export function appraiseQuote(checks: Checks<AppraisalFailure>, quote: QuoteClaims, pins: QuotePins): void {
  checks.note(
    pins.hashes.some((hash) => hash === quote.hash),
    {
      code: 'ALGORITHM_TOO_WEAK',
      rule: 'the quote must be signed with a hash that the policy names',
      field: 'hashes',
      wanted: pins.hashes.join(' or '),
      given: quote.hash,
    },
  )
  for (const pin of pins.pcrs) checkPcr(checks, quote, pins.bank, pin)
}

/** What holds of any quote: that it does not rest on SHA-1. */
export function inspectQuote(checks: Checks<AppraisalFailure>, { hash, selected }: QuoteClaims): void {
  const banks = Object.keys(selected)
  const isStrong = hash !== 'sha1' && (banks.length === 0 || banks.some((bank) => bank !== 'sha1'))
  checks.note(isStrong, {
    code: 'ALGORITHM_TOO_WEAK',
    rule: 'a quote must not rest on SHA-1: neither its signature, nor all its PCRs',
    field: 'hashes',
    wanted: 'sha256, sha384 or sha512',
    given: `signature ${hash}, PCRs ${banks.join(', ') || 'none'}`,
  })
  checks.leave('PCR values, firmware: no policy was given')
}

function checkPcr(
  checks: Checks<AppraisalFailure>,
  { pcrs, selected }: QuoteClaims,
  bank: StrongHash,
  { index, values: accepted }: QuotePins['pcrs'][number],
): void {
  const value = pcrs[bank]?.[index]
  const field = `pcrs.${index}`
  const wanted = accepted.map(toHex).join(' or ')
  if (pcrs[bank] === undefined && selected[bank] !== undefined) {
    const rule = `the value of PCR ${index} must come with the quote`
    checks.note(false, { code: 'COLLATERAL_MISSING', rule, field, wanted, given: 'their digest alone' })
    return
  }
  checks.note(value !== undefined && has(accepted, value), {
    code: 'MEASUREMENT_NOT_ACCEPTED',
    rule: `PCR ${index} must be quoted, and have a value that the policy names`,
    field,
    wanted,
    given: value === undefined ? `not in the ${bank} bank of the quote` : toHex(value),
  })
}

function has(accepted: readonly Uint8Array[], value: Uint8Array): boolean {
  return accepted.some((candidate) => equalBytes(candidate, value))
}
