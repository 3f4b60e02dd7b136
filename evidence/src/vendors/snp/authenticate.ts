import { sha256 } from '@noble/hashes/sha2.js'
import { ascii, type Checks, concat, equalBytes, must, shown, toHex } from '@vouch/protocol'
import { anchorOf } from '../../core/anchors.js'
import { attempt } from '../../core/checks.js'
import { isSignedRaw } from '../../x509/algorithms.js'
import type { Certificate } from '../../x509/certificate.js'
import { checkPath, checkRevocation } from '../../x509/chain.js'
import { importKey } from '../../x509/keys.js'
import { shortPath } from '../../x509/path.js'
import { checkRoot } from '../../x509/root.js'
import { reportSlots } from '../claims.js'
import { SNP_ANCHORS, SNP_ROOTS, type SnpAnchor } from './anchors.js'
import { type EndorsementContent, isEndorsement, readEndorsement } from './endorsement.js'
import { decodeTcb, GENERATIONS, isOfGeneration, isProductOf, tcbText } from './generation.js'
import { POLICY_BIT, SIGNED_BYTES } from './layout.js'
import { reportSignature, signingKeyOf } from './report.js'
import type { SnpClaims, SnpEvidence, SnpReport, Tcb } from './types.js'

/** Checks a report against its chain and the chain against a pinned root; claims come of it when everything could be read. */
export async function authenticateSnp(
  checks: Checks,
  evidence: SnpEvidence,
  at: number,
): Promise<SnpClaims | undefined> {
  const { report, bytes, trailing, certificates, revocationLists } = evidence
  must(checks, trailing.length === 0, 'EVIDENCE_TRAILING', {
    rule: 'a report must be all that is in its file',
    given: `${trailing.length} bytes behind it`,
  })

  // 1. The report is signed by the certified key. A chain that is missing must not hide that it is not.
  const leaf = findOne(checks, 'the certificate of the VCEK or VLEK', certificates.filter(isEndorsement))
  const endorsement = leaf === undefined ? undefined : await attempt(checks, () => readEndorsement(leaf))
  if (leaf !== undefined) await checkSignature(checks, report, bytes, leaf)

  // 2. The certificates: of who issued that of the key, and of the root.
  const path =
    leaf === undefined
      ? undefined
      : await shortPath(checks, leaf, { certificates, at, anchors: SNP_ANCHORS, choose: findOne })
  if (path === undefined) {
    checkGeneration(checks, evidence, endorsement)
    return undefined
  }

  // 3. The root is one that is pinned: by its key, as its name proves nothing.
  const root = checkRoot(checks, path, SNP_ANCHORS)
  if (root === undefined) return undefined // certificates by a stranger's keys, of a stranger's size, are not worth checking

  // 4. Each certificate is issued by the next, in force, and not revoked. The vendor publishes lists of its roots alone.
  await checkPath(checks, path, at, SNP_ROOTS)
  const collateral = await checkRevocation(checks, path, revocationLists, at, path.slice(-1))

  // 5. What the report says of chip and firmware is what the certificate says.
  if (endorsement === undefined) return undefined
  const tcb = await attempt(checks, () => decodeTcb(report.reportedTcb, root.generation))
  if (tcb === undefined) return undefined
  await checkAgreement(checks, report, { endorsement, root, tcb })

  return claimsOf(report, { endorsement, root, tcb, collateral })
}

interface Known {
  readonly endorsement: EndorsementContent
  readonly root: SnpAnchor
  readonly tcb: Tcb
}

/** Certificates are found by their content; two different ones in one role leave open which was meant. */
function findOne(checks: Checks, role: string, candidates: readonly Certificate[]): Certificate | undefined {
  const [found, ...others] = candidates
  must(checks, found !== undefined, 'COLLATERAL_MISSING', {
    rule: `${role} must come with the report`,
    hint: 'fetch it from the key distribution service, or take it from the cloud that runs the guest',
  })
  if (others.length > 0)
    must(checks, false, 'COLLATERAL_CONFLICT', { rule: `${role} must come once, or the same each time` })
  return found
}

/**
 * A chain that is not whole is undecided. One that leads to the vendor's root of another generation is not this report's, and no
 * certificate that is still to come makes it so. The certificate of the key says which generation it is, or the CPUID in the report.
 */
function checkGeneration(
  checks: Checks,
  { report, certificates }: SnpEvidence,
  endorsement: EndorsementContent | undefined,
): void {
  const given = certificates.flatMap(({ spki }) => anchorOf(SNP_ANCHORS, sha256(spki)) ?? [])
  const isReports = ({ generation }: SnpAnchor): boolean => {
    if (endorsement !== undefined) return isProductOf(endorsement.product, generation)
    return report.version < 3 || isOfGeneration(report.cpuid, generation)
  }
  if (given.length === 0) return
  must(checks, given.some(isReports), 'CERTIFICATE_MISMATCH', {
    rule: 'the chain must lead to the root of the generation that the report is of',
    given: given.map(({ name }) => name).join(', '),
  })
}

async function checkSignature(
  checks: Checks,
  report: SnpReport,
  bytes: Uint8Array,
  leaf: Certificate,
): Promise<void> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-384' }
  const key = await attempt(checks, () => importKey(leaf.spki, algorithm))
  if (key === undefined) return
  const signature = reportSignature(report)
  const holds =
    signature !== undefined && (await isSignedRaw(key, 'SHA-384', signature, bytes.subarray(0, SIGNED_BYTES)))
  must(checks, holds, 'EVIDENCE_SIGNATURE_FALSE', {
    rule: `the report must be signed by the key of ${leaf.commonName}`,
  })
}

async function checkAgreement(
  checks: Checks,
  report: SnpReport,
  { endorsement, root, tcb }: Known,
): Promise<void> {
  const { generation } = root
  const agree = (holds: boolean, rule: string, given: string): boolean =>
    must(checks, holds, 'CERTIFICATE_MISMATCH', { rule, given })
  agree(
    isProductOf(endorsement.product, generation),
    `the certificate must be for a product of the ${generation} root`,
    shown(endorsement.product),
  )
  agree(
    tcbText(endorsement.tcb) === tcbText(tcb),
    'REPORTED_TCB must be the TCB that the certificate is for',
    `${tcbText(tcb)} in the report, ${tcbText(endorsement.tcb)} in the certificate`,
  )
  const signingKey = await attempt(checks, () => signingKeyOf(report))
  if (signingKey !== undefined)
    agree(
      signingKey === endorsement.type,
      'SIGNING_KEY must be of the type that the certificate is for',
      signingKey,
    )
  if (report.version >= 3)
    agree(
      isOfGeneration(report.cpuid, generation),
      `the CPUID must be of the ${generation} generation`,
      report.cpuid.join(', '),
    )
  if (endorsement.hwId === undefined) checks.leave('which chip signed: a VLEK names none')
  else {
    const { chipIdBytes } = GENERATIONS[generation]
    const chipId = concat(endorsement.hwId, new Uint8Array(64 - Math.min(64, endorsement.hwId.length)))
    agree(
      endorsement.hwId.length === chipIdBytes && equalBytes(report.chipId, chipId),
      'CHIP_ID must be the hardware id that the certificate is for',
      `${toHex(report.chipId).slice(0, 16)}…`,
    )
  }
}

function claimsOf(
  report: SnpReport,
  { endorsement, root, tcb, collateral }: Known & Pick<SnpClaims, 'collateral'>,
): SnpClaims {
  const bit = (position: bigint): boolean => ((report.policy >> position) & 1n) === 1n
  return {
    kind: root.kind,
    root,
    endorsement: endorsement.type,
    ...(endorsement.hwId === undefined ? {} : { machineIdentity: machineIdentity(root, endorsement.hwId) }),
    slots: reportSlots(report),
    reportData: report.reportData,
    measurement: report.measurement,
    hostData: report.hostData,
    tcb,
    vmpl: report.vmpl,
    guestPolicy: {
      debug: bit(POLICY_BIT.DEBUG),
      migration: bit(POLICY_BIT.MIGRATE_MA),
      smt: bit(POLICY_BIT.SMT),
    },
    collateral,
  }
}

/** Names a chip without being its id: the registrar's quota needs no more. */
function machineIdentity({ kind }: SnpAnchor, hwId: Uint8Array): Uint8Array {
  return sha256(concat(ascii('vouch-machine-v1'), sha256(ascii(kind)), hwId))
}
