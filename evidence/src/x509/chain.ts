import { sha256 } from '@noble/hashes/sha2.js'
import { type Checks, equalBytes, must } from '@vouch/protocol'
import { attempt } from '../core/checks.js'
import { DER_TAG, parseDer } from '../core/der/der.js'
import { smallInteger } from '../core/der/fields.js'
import { isSigned } from './algorithms.js'
import { type Certificate, strangerAmong } from './certificate.js'
import { KEY_USAGE, mayUse, USE } from './key-usage.js'
import { isRevoked, type RevocationList } from './revocation.js'

const BASIC_CONSTRAINTS = '2.5.29.19'
const UNDERSTOOD: ReadonlySet<string> = new Set([BASIC_CONSTRAINTS, KEY_USAGE])

/** A path from a certificate to a root: each is issued by the next, and the last by itself. */
export type Path = readonly [leaf: Certificate, ...issuers: Certificate[]]

/**
 * Checks a path: signatures, rights to issue, dates, critical extensions. That its root is pinned is for the caller to check.
 * `whole` are the vendor's roots by the SHA-256 of their certificates: what one of them says needs no signature under itself. A root
 * that is made anew for a pinned key is no stranger, and is checked as all certificates are.
 */
export async function checkPath(
  checks: Checks,
  path: Path,
  at: number,
  whole: readonly Uint8Array[] = [],
): Promise<void> {
  for (const [i, certificate] of path.entries()) {
    if (i > 0) await attempt(checks, () => checkIssuer(checks, certificate, i - 1))
    await checkIssued(checks, certificate, path[i + 1] ?? certificate, at, whole)
  }
}

/** Checks one step of a path: a certificate is of its issuer's making, in force, and understood. */
export async function checkIssued(
  checks: Checks,
  certificate: Certificate,
  issuer: Certificate,
  at: number,
  whole: readonly Uint8Array[] = [],
): Promise<void> {
  const name = certificate.commonName
  must(checks, equalBytes(certificate.issuer, issuer.subject), 'CHAIN_FALSE', {
    rule: `${name} must name ${issuer.commonName} as its issuer`,
  })
  const isPinnedWhole = certificate === issuer && isAmong(whole, sha256(certificate.der))
  const holds =
    isPinnedWhole ||
    (await attempt(checks, () =>
      isSigned(issuer.spki, {
        algorithm: certificate.signatureAlgorithm,
        signature: certificate.signature,
        content: certificate.tbs,
      }),
    ))
  if (holds !== undefined)
    must(checks, holds, 'CHAIN_FALSE', { rule: `${name} must be signed by ${issuer.commonName}` })
  checkDates(checks, certificate, at)
  checkCritical(checks, certificate)
}

/**
 * Checks the certificates that no path needed: each must be signed by one that came along. Evidence that holds a damaged copy
 * of a certificate is no better for holding a good one too.
 */
export async function checkUnused(
  checks: Checks,
  certificates: readonly Certificate[],
  used: readonly Certificate[],
): Promise<void> {
  for (const certificate of certificates) {
    if (used.includes(certificate)) continue
    const name = certificate.commonName
    const issuers = certificates.filter(({ subject }) => equalBytes(subject, certificate.issuer))
    must(checks, issuers.length > 0, 'COLLATERAL_MISSING', {
      rule: `the certificate that issued ${name} must come along`,
      hint: 'leave out certificates that are for other machines',
    })
    const { signatureAlgorithm: algorithm, signature, tbs: content } = certificate
    for (const { spki, commonName } of issuers) {
      const holds = await attempt(checks, () => isSigned(spki, { algorithm, signature, content }))
      if (holds !== undefined)
        must(checks, holds, 'CHAIN_FALSE', { rule: `${name} must be signed by ${commonName}` })
    }
  }
}

function checkDates(checks: Checks, { commonName, notBefore, notAfter }: Certificate, at: number): void {
  must(checks, notBefore <= at && at <= notAfter, 'CERTIFICATE_EXPIRED', {
    rule: `${commonName} must be in force: from ${date(notBefore)} to ${date(notAfter)}`,
    given: date(at),
  })
}

/** RFC 5280, 4.2.1.9 and 4.2.1.3: who issues must be allowed to, and over as many others as it does. */
function checkIssuer(checks: Checks, certificate: Certificate, below: number): void {
  const rule = `${certificate.commonName} must be allowed to issue certificates`
  const constraints = certificate.extensions.get(BASIC_CONSTRAINTS)?.value
  if (constraints === undefined) {
    must(checks, false, 'CHAIN_FALSE', { rule })
    return
  }
  const { tag, parts } = parseDer(constraints, 'basicConstraints')
  const [isCa, pathLength, ...rest] = parts
  const mayIssue = tag === DER_TAG.SEQUENCE && isCa?.tag === DER_TAG.BOOLEAN && isCa.content[0] === 0xff
  const isLongEnough =
    pathLength === undefined ||
    (pathLength.tag === DER_TAG.INTEGER && smallInteger(pathLength, 'path length') >= below)
  const maySign = mayUse(certificate, USE.CERTIFICATE_SIGN)
  must(checks, mayIssue && isLongEnough && rest.length === 0 && maySign, 'CHAIN_FALSE', { rule })
}

function checkCritical(checks: Checks, { commonName, extensions }: Certificate): void {
  const stranger = strangerAmong(extensions, UNDERSTOOD)
  must(checks, stranger === undefined, 'ALGORITHM_UNKNOWN', {
    rule: `${commonName} must have no extension that is critical, or restricts it, and is not understood`,
    ...(stranger === undefined ? {} : { given: stranger }),
  })
}

/** What signed lists leave behind: until when, and since when, the oldest of them speaks; and which nobody gave. */
export interface Collateral {
  readonly oldest?: number
  readonly nextUpdate?: number
  /** Names of the issuers whose revocation list is published, and was not given. */
  readonly missing: readonly string[]
}

/**
 * Checks every list that an issuer in the path signs. One that is forged or out of date fails the path, whatever it says: a
 * list that is passed over would be no protection. `published` are the issuers whose lists the vendor publishes.
 */
export async function checkRevocation(
  checks: Checks,
  path: Path,
  lists: readonly RevocationList[],
  at: number,
  published: readonly Certificate[],
): Promise<Collateral> {
  const ofIssuer = (issuer: Certificate): readonly RevocationList[] =>
    lists.filter((list) => equalBytes(list.issuer, issuer.subject))
  for (const [i, certificate] of path.entries()) {
    const issuer = path[i + 1] ?? certificate
    for (const list of ofIssuer(issuer)) {
      // The root stands on its own list too, which was checked one step before.
      if (issuer !== certificate) await checkList(checks, list, issuer, at)
      must(checks, !isRevoked(list, certificate.serial), 'CERTIFICATE_REVOKED', {
        rule: `${certificate.commonName} must not be on ${issuer.commonName}'s revocation list`,
      })
    }
  }
  const used = path.slice(1).flatMap(ofIssuer)
  must(checks, used.length === lists.length, 'COLLATERAL_MISSING', {
    rule: 'the issuer of each revocation list must be in the chain',
    hint: 'leave out lists that are for other machines',
  })
  const missing = published.filter((issuer) => ofIssuer(issuer).length === 0)
  for (const { commonName } of missing) checks.leave(`revocation: no list of ${commonName} was given`)
  return {
    ...(used.length === 0
      ? {}
      : {
          oldest: Math.min(...used.map(({ thisUpdate }) => thisUpdate)),
          nextUpdate: Math.min(...used.map(({ nextUpdate }) => nextUpdate)),
        }),
    missing: missing.map(({ commonName }) => commonName),
  }
}

async function checkList(
  checks: Checks,
  list: RevocationList,
  issuer: Certificate,
  at: number,
): Promise<void> {
  const holds = await attempt(checks, () =>
    isSigned(issuer.spki, {
      algorithm: list.signatureAlgorithm,
      signature: list.signature,
      content: list.tbs,
    }),
  )
  if (holds !== undefined)
    must(checks, holds, 'CHAIN_FALSE', {
      rule: `${issuer.commonName}'s revocation list must be signed by it`,
    })
  // A key that may sign certificates alone can be in the hands of those who must not say which of them still hold.
  const maySign = await attempt(checks, () => mayUse(issuer, USE.LIST_SIGN))
  if (maySign !== undefined)
    must(checks, maySign, 'CHAIN_FALSE', {
      rule: `${issuer.commonName} must be allowed to sign revocation lists (cRLSign)`,
    })
  must(checks, list.thisUpdate <= at && at <= list.nextUpdate, 'COLLATERAL_EXPIRED', {
    rule: `${issuer.commonName}'s revocation list must be in force: from ${date(list.thisUpdate)} to ${date(list.nextUpdate)}`,
    given: date(at),
  })
}

const isAmong = (hashes: readonly Uint8Array[], hash: Uint8Array): boolean =>
  hashes.some((one) => equalBytes(one, hash))

/** A time for a message. */
export const date = (seconds: number): string =>
  Number.isSafeInteger(seconds) && Math.abs(seconds) < 8.64e12
    ? new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
    : `${seconds} s`
