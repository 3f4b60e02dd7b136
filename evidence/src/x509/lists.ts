import { type Checks, equalBytes, VouchError } from '@vouch/protocol'
import { context, DER_TAG, type Der, parseDer } from '../core/der/der.js'
import { beginsLike } from '../core/resemblance.js'
import type { Certificate } from './certificate.js'
import { type Collateral, checkRevocation, type Path } from './chain.js'
import type { RevocationList } from './revocation.js'

// Whom revocation lists concern, and where they are published: certificates say where the list is that could name them.

const DISTRIBUTION_POINTS = '2.5.29.31'
/** GeneralName (RFC 5280, 4.2.1.6): uniformResourceIdentifier. */
const ADDRESS = 0x86
const GENERAL_NAMES = context(0)

/** RFC 5280, 4.2.1.13: the addresses of the list that could name a certificate. */
export function distributionPoints({ extensions }: Certificate): readonly string[] {
  const value = extensions.get(DISTRIBUTION_POINTS)?.value
  if (value === undefined) return []
  const points = parseDer(value, 'cRLDistributionPoints')
  if (points.tag !== DER_TAG.SEQUENCE || points.parts.some(({ tag }) => tag !== DER_TAG.SEQUENCE)) {
    throw new VouchError('DER_MALFORMED', { rule: 'cRLDistributionPoints must be a sequence of sequences' })
  }
  return points.parts
    .flatMap((point) => tagged(point, context(0)))
    .flatMap((name) => tagged(name, GENERAL_NAMES))
    .flatMap((names) => tagged(names, ADDRESS))
    .map(({ content }) => String.fromCharCode(...content))
}

const tagged = ({ parts }: Der, tag: number): readonly Der[] => parts.filter((part) => part.tag === tag)

/** Checks a path against its lists where certificates say whether one is published: then it must be there. */
export async function checkPublished(
  checks: Checks,
  path: Path,
  lists: readonly RevocationList[],
  at: number,
): Promise<Collateral> {
  const collateral = await checkRevocation(checks, path, lists, at, publishers(path))
  for (const name of beyondLists(path, lists))
    checks.leave(`revocation of ${name}: no list is published that could name it`)
  return collateral
}

/** The issuers in a path that publish a list: what they issued says where. An attacker cannot take that out of it. */
const publishers = (path: Path): readonly Certificate[] =>
  path.slice(1).filter((_, i) => path[i]?.extensions.has(DISTRIBUTION_POINTS))

/** Names of the certificates in a path that no list could name: none is published for them, and none was given. */
function beyondLists(path: Path, lists: readonly RevocationList[]): readonly string[] {
  const isBeyond = (certificate: Certificate, issuer: Certificate): boolean =>
    !certificate.extensions.has(DISTRIBUTION_POINTS) && !lists.some((list) => isIssuer(issuer, list))
  return path
    .slice(0, -1)
    .filter((certificate, i) => isBeyond(certificate, path[i + 1] ?? certificate))
    .map(({ commonName }) => commonName)
}

/** Whether a list is in a certificate's name. */
export const isIssuer = ({ subject }: Certificate, { issuer }: RevocationList): boolean =>
  equalBytes(issuer, subject)

/**
 * Whether a list may be in the name of one of these: in its name, or in one that differs in a single byte, as damage to it must
 * not be enough for the list to be passed over.
 */
export const mayConcern = (list: RevocationList, certificates: readonly Certificate[]): boolean =>
  certificates.some(
    ({ subject }) => subject.length === list.issuer.length && beginsLike(list.issuer, subject),
  )

/** What lists of several paths leave behind, taken together. */
export function together(all: readonly Collateral[]): Collateral {
  const oldest = all.flatMap((one) => one.oldest ?? [])
  const nextUpdates = all.flatMap((one) => one.nextUpdate ?? [])
  return {
    ...(oldest.length === 0 ? {} : { oldest: Math.min(...oldest) }),
    ...(nextUpdates.length === 0 ? {} : { nextUpdate: Math.min(...nextUpdates) }),
    missing: [...new Set(all.flatMap(({ missing }) => missing))],
  }
}
