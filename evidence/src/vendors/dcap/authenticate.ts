import { sha256 } from '@noble/hashes/sha2.js'
import { ascii, type Checks, concat, equalBytes, must, toHex } from '@vouch/protocol'
import { attempt } from '../../core/checks.js'
import { isSignedRaw } from '../../x509/algorithms.js'
import type { Certificate } from '../../x509/certificate.js'
import { checkPath, checkUnused } from '../../x509/chain.js'
import { isSameRoot } from '../../x509/issuer.js'
import { importKey, importPoint } from '../../x509/keys.js'
import { checkRoot } from '../../x509/root.js'
import { CC_REGISTER } from '../eventlog/layout.js'
import { replay } from '../eventlog/replay.js'
import type { EventLog } from '../eventlog/types.js'
import { DCAP_ANCHORS, DCAP_ROOTS } from './anchors.js'
import { findPck, findPckChain } from './chain.js'
import { claimsOf } from './claims.js'
import { checkCollateral, DOCUMENTS_FOR } from './collateral.js'
import { readPlatform } from './platform.js'
import { teeOf } from './quote.js'
import { moduleId, moduleVersion, standingOf } from './tcb.js'
import type {
  DcapClaims,
  DcapEvidence,
  EnclaveReport,
  PckId,
  Platform,
  QeIdentity,
  SignedQuote,
  TcbInfo,
  TdReport,
} from './types.js'

/** Authenticates a quote that stands for itself: every certificate that came along must be good for something. */
export async function authenticateQuote(
  checks: Checks,
  evidence: DcapEvidence,
  at: number,
): Promise<DcapClaims | undefined> {
  const used: Certificate[] = []
  const claims = await authenticateDcap(checks, evidence, at, used)
  if (used.length > 0) await checkUnused(checks, evidence.certificates, used)
  return claims
}

/**
 * Checks a quote against its chain, the chain against a pinned root, and both against what Intel publishes of the platform.
 * Claims come of it when everything could be read. Formats with a quote inside call this one; `used` gathers the certificates
 * that were looked at.
 */
export async function authenticateDcap(
  checks: Checks,
  evidence: DcapEvidence,
  at: number,
  used: Certificate[] = [],
): Promise<DcapClaims | undefined> {
  const { quote, certificates } = evidence
  const { report } = quote
  const tee = teeOf(report)

  // 1. What needs no certificate: one that is missing must not hide what is false.
  await checkAttestationKey(checks, evidence)
  checkEventLog(checks, report, evidence.eventLog)

  // 2. The PCK signed the quoting enclave's report, and its certificate is of the platform that all the rest is about.
  const leaf = findPck(checks, certificates)
  const platform = leaf === undefined ? undefined : await attempt(checks, () => readPlatform(leaf))
  if (leaf !== undefined) await checkEnclaveSignature(checks, evidence, leaf)
  checkAgreement(checks, evidence, platform)
  if (leaf === undefined) return undefined

  // 3. The certificates, up to a root that is pinned by its key.
  const chain = await findPckChain(checks, leaf, certificates, at)
  if (chain === undefined) return undefined
  const { issuer, root } = chain
  const anchors = DCAP_ANCHORS.filter((candidate) => candidate.tee === tee)
  const anchor = checkRoot(checks, [leaf, issuer, root], anchors)
  if (anchor === undefined) return undefined
  await checkPath(checks, [leaf, issuer, root], at, DCAP_ROOTS)

  // 4. What Intel publishes is there, signed, in force, and revokes nothing of this.
  const documents = await checkCollateral(checks, evidence, { chain, tee, at })
  const roots = certificates.filter((candidate) => isSameRoot(DCAP_ANCHORS, candidate, root))
  used.push(leaf, issuer, ...roots, ...(documents?.signers ?? []))

  if (documents === undefined || platform === undefined) return undefined
  const { info, identity, collateral } = documents
  return claimsOf(evidence, {
    anchor,
    platform,
    tcb: standingOf({ platform, report, quotingEnclave: quote.quotingEnclave }, info, identity),
    collateral,
    machineIdentity: machineIdentity(anchor.kind, platform),
  })
}

const ECDSA_P256 = { name: 'ECDSA', namedCurve: 'P-256' }

/** Notes a signature, or a hash, that holds or does not; a key that is none is said as such. */
async function checkSigned(checks: Checks, rule: string, verify: () => Promise<boolean>): Promise<void> {
  const holds = await attempt(checks, verify)
  if (holds !== undefined) must(checks, holds, 'EVIDENCE_SIGNATURE_FALSE', { rule })
}

/** The quoting enclave's report names the attestation key, and this key signed the quote. */
async function checkAttestationKey(checks: Checks, { quote, signed }: SignedQuote): Promise<void> {
  const bound = concat(sha256(concat(quote.attestationKey, quote.authenticationData)), new Uint8Array(32))
  await checkSigned(checks, "the quoting enclave's report must name the attestation key", async () =>
    equalBytes(quote.quotingEnclave.reportData, bound),
  )
  await checkSigned(checks, 'the quote must be signed by the attestation key', async () =>
    isSignedRaw(await importPoint(quote.attestationKey, ECDSA_P256), 'SHA-256', quote.signature, signed),
  )
}

async function checkEnclaveSignature(
  checks: Checks,
  { quote, quotingEnclaveSigned }: SignedQuote,
  { spki, commonName }: Certificate,
): Promise<void> {
  await checkSigned(
    checks,
    `the quoting enclave's report must be signed by the key of ${commonName}`,
    async () =>
      isSignedRaw(
        await importKey(spki, ECDSA_P256),
        'SHA-256',
        quote.quotingEnclaveSignature,
        quotingEnclaveSigned,
      ),
  )
}

/** All that came along is about this platform, this quoting enclave and this module. */
function checkAgreement(
  checks: Checks,
  { quote, tcbInfos, identities }: DcapEvidence,
  platform: Platform | undefined,
): void {
  const { report, quotingEnclave, pckId } = quote
  const wanted = DOCUMENTS_FOR[teeOf(report)]
  const info = tcbInfos.find(({ content }) => content.id === wanted.info)?.content
  const identity = identities.find(({ content }) => content.id === wanted.identity)?.content
  if (platform !== undefined && info !== undefined) checkPlatform(checks, platform, info)
  if (platform !== undefined && pckId !== undefined) checkPckId(checks, platform, pckId)
  if (identity !== undefined) checkQuotingEnclave(checks, quotingEnclave, identity)
  if (info !== undefined && report.body !== 'sgx') checkModule(checks, report, info)
}

/** No signature covers the name that a quote has for its PCK: the certificate must be of the PCK that is named. */
function checkPckId(checks: Checks, platform: Platform, { type, ...named }: PckId): void {
  const agree = (holds: boolean, field: string): boolean =>
    must(checks, holds, 'CERTIFICATE_MISMATCH', {
      rule: `${field} in the certification data must be what the certificate of the PCK says`,
    })
  if (type === 1) agree(equalBytes(named.ppid, platform.ppid), 'PPID')
  else checks.leave('the PPID in the certification data: it is encrypted for Intel')
  agree(equalBytes(named.cpuSvn, platform.cpuSvn), 'CPUSVN')
  agree(named.pceSvn === platform.pceSvn, 'PCESVN')
  agree(equalBytes(named.pceId, platform.pceId), 'PCE-ID')
}

function checkPlatform(checks: Checks, platform: Platform, info: TcbInfo): void {
  must(
    checks,
    equalBytes(platform.fmspc, info.fmspc) && equalBytes(platform.pceId, info.pceId),
    'COLLATERAL_MISMATCH',
    {
      rule: 'the TCB info must be for the FMSPC and PCE-ID that the PCK certificate names',
      given: `${toHex(info.fmspc)} and ${toHex(info.pceId)}, not ${toHex(platform.fmspc)} and ${toHex(platform.pceId)}`,
    },
  )
}

/** Equal under a mask; the vendor leaves bits open that differ between machines. */
function matches(given: Uint8Array, wanted: Uint8Array, mask: Uint8Array): boolean {
  return wanted.every((byte, i) => ((given[i] ?? 0) & (mask[i] ?? 0)) === byte)
}

function checkQuotingEnclave(checks: Checks, enclave: EnclaveReport, identity: QeIdentity): void {
  const agree = (holds: boolean, field: string): boolean =>
    must(checks, holds, 'COLLATERAL_MISMATCH', {
      rule: `${field} of the quoting enclave must be what its identity says`,
    })
  agree(equalBytes(enclave.mrSigner, identity.mrSigner), 'MRSIGNER')
  agree(enclave.isvProdId === identity.isvProdId, 'ISVPRODID')
  agree(matches(enclave.miscSelect, identity.miscSelect, identity.miscSelectMask), 'MISCSELECT')
  agree(matches(enclave.attributes, identity.attributes, identity.attributesMask), 'ATTRIBUTES')
}

const NOTHING = new Uint8Array()

/** Another's module would say of a guest whatever that other likes. */
function checkModule(checks: Checks, report: TdReport, { module, modules }: TcbInfo): void {
  const identity = moduleVersion(report) === 0 ? module : modules.find(({ id }) => id === moduleId(report))
  if (identity === undefined) return // no level will be found for it either
  const agree = (holds: boolean, field: string): boolean =>
    must(checks, holds, 'COLLATERAL_MISMATCH', {
      rule: `${field} must be what the TCB info says of the TDX module`,
    })
  agree(equalBytes(report.mrSignerSeam, identity.mrSigner), 'MRSIGNERSEAM')
  agree(matches(report.seamAttributes, identity.attributes, identity.attributesMask), 'SEAMATTRIBUTES')
}

/** RTMR3 is the guest's own to extend, beyond what firmware logs. */
function checkEventLog(checks: Checks, report: EnclaveReport | TdReport, log: EventLog | undefined): void {
  if (log === undefined) return
  if (report.body === 'sgx') {
    checks.leave('event log: an enclave has no registers that it could lead to')
    return
  }
  const initial = new Uint8Array(48)
  const replayed = replay(log.events, 'sha384')
  for (const [i, name] of (['rtmr0', 'rtmr1', 'rtmr2'] as const).entries()) {
    const found = replayed.get(CC_REGISTER[name]) ?? initial
    must(checks, equalBytes(found, report.rtmrs[i] ?? NOTHING), 'EVENT_LOG_FALSE', {
      rule: `the event log must lead to ${name.toUpperCase()}`,
      given: toHex(found),
    })
  }
  checks.leave('what the events of the log say: only their digests lead to the registers')
}

/**
 * Names a machine without being its id. A platform has a PCK for every TCB it ever had, and may sign with any of them; its
 * PPID stays.
 */
function machineIdentity(kind: string, { ppid }: Platform): Uint8Array {
  return sha256(concat(ascii('vouch-machine-v1'), sha256(ascii(kind)), ppid))
}
