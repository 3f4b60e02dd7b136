import { sha256 } from '@noble/hashes/sha2.js'
import { ascii, concat, equalBytes, toHex } from '@vouch/protocol'
import { DCAP_ANCHORS } from '../anchors.js'
import { attempt, type Checks, must } from '../checks.js'
import { CC_REGISTER } from '../eventlog/layout.js'
import { replay } from '../eventlog/replay.js'
import type { EventLog } from '../eventlog/types.js'
import { isSignedRaw } from '../x509/algorithms.js'
import type { Certificate } from '../x509/certificate.js'
import { checkPath, checkUnused } from '../x509/chain.js'
import { importKey, importPoint } from '../x509/keys.js'
import { checkRoot } from '../x509/root.js'
import { findPckChain } from './chain.js'
import { claimsOf } from './claims.js'
import { checkCollateral } from './collateral.js'
import { readPlatform } from './platform.js'
import { teeOf } from './quote.js'
import { moduleId, moduleVersion, standingOf } from './tcb.js'
import type {
  DcapClaims,
  DcapEvidence,
  EnclaveReport,
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
  const { report, quotingEnclave } = quote
  const tee = teeOf(report)

  // 1. The certificates, up to a root that is pinned by its key.
  const chain = findPckChain(checks, certificates)
  if (chain === undefined) return undefined
  const { leaf, issuer, root } = chain
  const anchors = DCAP_ANCHORS.filter((candidate) => candidate.tee === tee)
  const anchor = checkRoot(checks, [leaf, issuer, root], anchors)
  if (anchor === undefined) return undefined
  await checkPath(checks, [leaf, issuer, root], at)

  // 2. The PCK signed the quoting enclave's report, that names the attestation key, and this key signed the quote.
  await checkSignatures(checks, evidence, leaf)

  // 3. What Intel publishes is there, signed, in force, and revokes nothing of this.
  const documents = await checkCollateral(checks, evidence, { chain, tee, at })
  used.push(leaf, issuer, root, ...(documents?.signers ?? []))

  // 4. It is about this platform, this quoting enclave and this module.
  const platform = await attempt(checks, () => readPlatform(leaf))
  if (documents === undefined || platform === undefined) return undefined
  const { info, identity, collateral } = documents
  checkPlatform(checks, platform, info)
  checkQuotingEnclave(checks, quotingEnclave, identity)
  if (report.body !== 'sgx') checkModule(checks, report, info)

  // 5. The firmware's log leads to what the guest's registers hold.
  checkEventLog(checks, report, evidence.eventLog)

  const tcb = standingOf({ platform, report, quotingEnclave }, info, identity)
  return claimsOf(evidence, {
    anchor,
    platform,
    tcb,
    collateral,
    machineIdentity: machineIdentity(anchor.kind, platform),
  })
}

const ECDSA_P256 = { name: 'ECDSA', namedCurve: 'P-256' }

async function checkSignatures(
  checks: Checks,
  { quote, signed, quotingEnclaveSigned }: SignedQuote,
  { spki, commonName }: Certificate,
): Promise<void> {
  const check = async (rule: string, verify: () => Promise<boolean>): Promise<void> => {
    const holds = await attempt(checks, verify)
    if (holds !== undefined) must(checks, holds, 'EVIDENCE_SIGNATURE_FALSE', { rule })
  }
  await check(`the quoting enclave's report must be signed by the key of ${commonName}`, async () =>
    isSignedRaw(
      await importKey(spki, ECDSA_P256),
      'SHA-256',
      quote.quotingEnclaveSignature,
      quotingEnclaveSigned,
    ),
  )
  const bound = concat(sha256(concat(quote.attestationKey, quote.authenticationData)), new Uint8Array(32))
  await check("the quoting enclave's report must name the attestation key", async () =>
    equalBytes(quote.quotingEnclave.reportData, bound),
  )
  await check('the quote must be signed by the attestation key', async () =>
    isSignedRaw(await importPoint(quote.attestationKey, ECDSA_P256), 'SHA-256', quote.signature, signed),
  )
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
