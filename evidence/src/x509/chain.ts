import { equalBytes } from '@vouch/protocol'
import { attempt, type Checks, must } from '../checks.js'
import { parseDer, TAG } from '../der/der.js'
import { smallInteger } from '../der/fields.js'
import { isSigned } from './algorithms.js'
import type { Certificate } from './certificate.js'
import { isRevoked, type RevocationList } from './revocation.js'

const BASIC_CONSTRAINTS = '2.5.29.19'
const KEY_USAGE = '2.5.29.15'
const UNDERSTOOD: ReadonlySet<string> = new Set([BASIC_CONSTRAINTS, KEY_USAGE])
const KEY_CERT_SIGN = 0x04

/** A path from a certificate to a root: each is issued by the next, and the last by itself. */
export type Path = readonly [leaf: Certificate, ...issuers: Certificate[]]

/** Checks a path: signatures, rights to issue, dates, critical extensions. That its root is pinned is for the caller to check. */
export async function checkPath(checks: Checks, path: Path, at: number): Promise<void> {
  for (const [i, certificate] of path.entries()) {
    const issuer = path[i + 1] ?? certificate
    const name = certificate.commonName
    must(checks, equalBytes(certificate.issuer, issuer.subject), 'CHAIN_FALSE', {
      rule: `${name} must name ${issuer.commonName} as its issuer`,
    })
    if (i > 0) checkIssuer(checks, certificate, i - 1)
    const holds = await attempt(checks, () =>
      isSigned(issuer.spki, {
        algorithm: certificate.signatureAlgorithm,
        signature: certificate.signature,
        content: certificate.tbs,
      }),
    )
    if (holds !== undefined)
      must(checks, holds, 'CHAIN_FALSE', { rule: `${name} must be signed by ${issuer.commonName}` })
    checkDates(checks, certificate, at)
    checkCritical(checks, certificate)
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
  const usage = certificate.extensions.get(KEY_USAGE)?.value
  if (constraints === undefined || usage === undefined) {
    must(checks, false, 'CHAIN_FALSE', { rule })
    return
  }
  const { tag, parts } = parseDer(constraints, 'basicConstraints')
  const [isCa, pathLength, ...rest] = parts
  const mayIssue = tag === TAG.SEQUENCE && isCa?.tag === TAG.BOOLEAN && isCa.content[0] === 0xff
  const isLongEnough =
    pathLength === undefined ||
    (pathLength.tag === TAG.INTEGER && smallInteger(pathLength, 'path length') >= below)
  const bits = parseDer(usage, 'keyUsage')
  const maySign = bits.tag === TAG.BIT_STRING && ((bits.content[1] ?? 0) & KEY_CERT_SIGN) !== 0
  must(checks, mayIssue && isLongEnough && rest.length === 0 && maySign, 'CHAIN_FALSE', { rule })
}

function checkCritical(checks: Checks, { commonName, extensions }: Certificate): void {
  const stranger = [...extensions].find(([oid, { critical }]) => critical && !UNDERSTOOD.has(oid))
  must(checks, stranger === undefined, 'ALGORITHM_UNKNOWN', {
    rule: `${commonName} must have no critical extension that is not understood`,
    ...(stranger === undefined ? {} : { given: stranger[0] }),
  })
}

/** What revocation lists leave behind: until when, and since when, the oldest of them speaks. */
export interface Revocation {
  readonly oldest?: number
  readonly nextUpdate?: number
}

/**
 * Checks every list that was given. One that is forged, out of date, or of somebody who is not in the path fails it,
 * whatever it says: a list that is passed over would be no protection.
 */
export async function checkRevocation(
  checks: Checks,
  path: Path,
  lists: readonly RevocationList[],
  at: number,
): Promise<Revocation> {
  const used: RevocationList[] = []
  must(
    checks,
    lists.every((list) => path.some(({ subject }) => equalBytes(list.issuer, subject))),
    'COLLATERAL_MISSING',
    {
      rule: 'the issuer of each revocation list must be in the chain',
      hint: 'leave out lists that are for other machines',
    },
  )
  for (const [i, certificate] of path.entries()) {
    const issuer = path[i + 1] ?? certificate
    for (const list of lists.filter((candidate) => equalBytes(candidate.issuer, issuer.subject))) {
      await checkList(checks, list, issuer, at)
      must(checks, !isRevoked(list, certificate.serial), 'CERTIFICATE_REVOKED', {
        rule: `${certificate.commonName} must not be on ${issuer.commonName}'s revocation list`,
      })
      used.push(list)
    }
  }
  if (used.length === 0) {
    checks.leave('revocation: no revocation list of an issuer was given')
    return {}
  }
  return {
    oldest: Math.min(...used.map(({ thisUpdate }) => thisUpdate)),
    nextUpdate: Math.min(...used.map(({ nextUpdate }) => nextUpdate)),
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
  must(checks, list.thisUpdate <= at && at <= list.nextUpdate, 'COLLATERAL_EXPIRED', {
    rule: `${issuer.commonName}'s revocation list must be in force: from ${date(list.thisUpdate)} to ${date(list.nextUpdate)}`,
    given: date(at),
  })
}

/** A time for a message. */
export const date = (seconds: number): string =>
  Number.isSafeInteger(seconds) && Math.abs(seconds) < 8.64e12
    ? new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
    : `${seconds} s`
