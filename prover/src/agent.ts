import {
  type AdmissionPolicy,
  appraise,
  authenticate,
  bindsReportData,
  type Claims,
  parseEvidence,
} from '@vouch/evidence'
import {
  type Attestation,
  auxOf,
  buildServiceTree,
  EXIT_OF,
  equalBytes,
  exitStatus,
  type Failure,
  fieldToBytes,
  type Guest,
  gpuNonce,
  parseAttestation,
  parseGuest,
  printAttestationRequest,
  reportData,
  toHex,
  VouchError,
} from '@vouch/protocol'
import { AGENT, askJson, type Network } from './net.js'

/** What an agent says that runs in its guest. The tree it names is the one that these services make, or nothing is kept. */
export async function askGuest(url: string, network: Network, signal?: AbortSignal): Promise<Guest> {
  const guest = parseGuest(await askJson(AGENT, at(url, 'info'), undefined, network, signal))
  const { root } = buildServiceTree(guest.services)
  if (root === guest.smtRoot) return guest
  throw treeFalse("the agent's services must make the tree that it names", guest.smtRoot)
}

/** Has an agent bring evidence under a nonce. Nothing of it is believed yet. */
export async function askAttestation(
  url: string,
  nonce: Uint8Array,
  network: Network,
  signal?: AbortSignal,
): Promise<Attestation> {
  const body = printAttestationRequest({ version: 1, nonce })
  return parseAttestation(await askJson(AGENT, at(url, 'attestation'), body, network, signal))
}

/**
 * Everything that admission will look at, looked at first: whoever is lied to should learn it before her evidence goes to
 * anybody. That the evidence binds her very tree is more than admission can see.
 */
export async function checkAttestation(
  attestation: Attestation,
  guest: Guest,
  nonce: Uint8Array,
  policy: AdmissionPolicy,
  now: number,
): Promise<Claims> {
  assertBinding(attestation, guest, nonce)
  const files = attestation.evidence.map((bytes, i) => ({ name: `evidence[${i}]`, bytes }))
  const { evidence } = await parseEvidence(files)
  const authentication = await authenticate(evidence, now)
  const { authentic } = authentication
  if (authentic === undefined) throw gravest(authentication.failures)
  const { claims } = authentic
  if (!bindsReportData(claims, attestation.reportData)) {
    throw new VouchError('REPORT_DATA_MISMATCH', {
      rule: 'the evidence must carry the REPORT_DATA that binds image, service tree and nonce',
      given: claims.slots.map(({ name, bytes }) => `${name} ${toHex(bytes)}`).join(', '),
    })
  }
  const gpus = { digest: attestation.gpuDigest, nonce: gpuNonce(nonce) }
  const failures = appraise(authentic, policy, now, { nonce: null, gpus }).failures.filter(isOursToJudge)
  if (failures.length > 0) throw gravest(failures)
  if (!policy.osImages.some((image) => equalBytes(image, attestation.osImageHash))) {
    throw new VouchError('IMAGE_NOT_ACCEPTED', {
      rule: 'the admission policy must accept the OS image',
      given: toHex(attestation.osImageHash),
    })
  }
  return claims
}

/** Revocation lists that did not come along, the registrar may keep: whether they are there is for it to say. */
const isOursToJudge = ({ code }: Failure): boolean => code !== 'COLLATERAL_MISSING'

function assertBinding(attestation: Attestation, guest: Guest, nonce: Uint8Array): void {
  const { osImageHash, gpuDigest, smtRoot } = attestation
  if (!equalBytes(attestation.nonce, nonce)) {
    throw new VouchError('NONCE_MISMATCH', {
      rule: 'the attestation must be for the nonce that was asked with',
      given: toHex(attestation.nonce),
    })
  }
  if (smtRoot !== guest.smtRoot)
    throw treeFalse('the attestation must be of the tree of the services that the agent lists', smtRoot)
  if (!equalBytes(osImageHash, guest.osImageHash)) {
    throw new VouchError('IMAGE_NOT_ACCEPTED', {
      rule: 'the attestation must be of the image that the agent names',
      given: toHex(osImageHash),
    })
  }
  if (!equalBytes(reportData(osImageHash, smtRoot, auxOf(gpuDigest, nonce)), attestation.reportData)) {
    throw new VouchError('REPORT_DATA_MISMATCH', {
      rule: 'REPORT_DATA must bind this image, service tree and nonce',
      given: toHex(attestation.reportData),
    })
  }
}

function treeFalse(rule: string, given: bigint): VouchError {
  return new VouchError('SERVICE_TREE_FALSE', { rule, given: toHex(fieldToBytes(given)) })
}

/** The failure that decides, as an error. */
export function gravest(failures: readonly Failure[]): VouchError {
  const exit = exitStatus(failures)
  const failure = failures.find(({ code }) => EXIT_OF[code] === exit)
  return new VouchError(failure?.code ?? 'INTERNAL', failure ?? { rule: 'a refusal must have a reason' })
}

/** An address below a URL that may end in a slash. */
export const at = (url: string, name: string): string => `${url.replace(/\/+$/, '')}/${name}`
