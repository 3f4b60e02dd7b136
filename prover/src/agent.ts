import type { AdmissionPolicy, Claims } from '@vouch/evidence'
import {
  type Attestation,
  auxOf,
  buildServiceTree,
  equalBytes,
  type Failure,
  fieldToBytes,
  type Guest,
  gravestError,
  parseAttestation,
  parseGuest,
  printAttestationRequest,
  reportData,
  toHex,
  VouchError,
} from '@vouch/protocol'
import { judgeEvidence } from '@vouch/registry'
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
  const judged = await judgeEvidence(attestation, { policy, now, isForAnother: isForTheRegistrar })
  if ('failures' in judged) throw gravestError(judged.failures)
  return judged.claims
}

/** Revocation lists that did not come along, the registrar may keep: whether they are there is for it to say. */
const isForTheRegistrar = ({ code }: Failure): boolean => code === 'COLLATERAL_MISSING'

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

/** An address below a URL that may end in a slash. */
export const at = (url: string, name: string): string => `${url.replace(/\/+$/, '')}/${name}`
