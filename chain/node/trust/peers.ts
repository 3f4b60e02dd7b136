import { askAgain, boundedBody, type Waiting } from '@vouch/host'
import { postMutual, type TlsIdentity } from '@vouch/host/http'
import { type ErrorCode, EXIT_OF, parseJson, shown, textOf, VouchError } from '@vouch/protocol'
import type { Address } from 'viem'
import { type Proposal, parseEndorsement, printProposal } from '../../src/proposal.js'
import type { Chain } from '../client/client.js'
import { type AdmissionMessage, type Signed, signerOf } from './signing.js'

/** How long a peer may take to verify an enrollment and sign. */
export const PEER_TIMEOUT_MS = 60_000
const MAX_ANSWER_BYTES = 65_536

export interface Collecting {
  readonly chain: Chain
  readonly registry: Address
  readonly peers: readonly string[]
  readonly message: AdmissionMessage
  readonly proposal: Proposal
  /** Signatures that are there already, and how many are needed. */
  readonly own: readonly Signed[]
  readonly needed: number
  readonly isMember: (account: Address) => Promise<boolean>
  readonly timeoutMs: number
  /** What this node shows peers who want to see a certificate. */
  readonly tls?: TlsIdentity | undefined
  /** The clock and the chance by which a peer that has enough is asked again. */
  readonly waiting?: Waiting | undefined
}

/**
 * Asks all peers at once, and waits until enough have signed. A peer is believed in nothing but its signature: one that
 * lies, stalls or refuses only leaves its own away.
 */
export async function collectSignatures(given: Collecting): Promise<readonly Signed[]> {
  const { peers, own, needed } = given
  const signed = new Map(own.map((one) => [one.signer, one]))
  const missing: string[] = []
  const enough = new AbortController()
  const asked = peers.map(async (peer) => {
    try {
      const one = await signatureOf(peer, given, enough.signal)
      signed.set(one.signer, one)
      if (signed.size >= needed) enough.abort()
    } catch (error) {
      missing.push(`${peer}: ${error instanceof VouchError ? error.code : 'no answer'}`)
    }
  })
  await Promise.all(asked)
  if (signed.size >= needed) return [...signed.values()]
  throw new VouchError('QUORUM_MISSING', {
    rule: `${needed} trust nodes must sign an admission`,
    given: shown(`${signed.size}; ${missing.join(', ')}`),
    hint: 'ask the operator of the node whether its peers run: then enroll again',
  })
}

async function signatureOf(
  peer: string,
  { chain, registry, message, proposal, isMember, timeoutMs, waiting, tls }: Collecting,
  enough: AbortSignal,
): Promise<Signed> {
  const signal = AbortSignal.any([enough, AbortSignal.timeout(timeoutMs)])
  const again = { signal, patience: { totalMs: timeoutMs }, waiting }
  const { response, answer } = await askAgain(() => askPeer(peer, proposal, signal, tls), again)
  if (!response.ok) throw new VouchError(codeIn(answer), { rule: 'the peer must sign' })
  const signature = chain.viem.bytesToHex(parseEndorsement(answer).signature)
  const signer = await signerOf(chain, registry, message, signature)
  if (signer !== undefined && (await isMember(signer))) return { signer, signature }
  throw new VouchError('SIGNATURE_FALSE', { rule: 'a peer must sign this admission, and be a member' })
}

async function askPeer(
  peer: string,
  proposal: Proposal,
  signal: AbortSignal,
  tls: TlsIdentity | undefined,
): Promise<{ readonly response: Response; readonly answer: Uint8Array }> {
  const [url, body] = [`${peer.replace(/\/+$/, '')}/admissions`, printProposal(proposal)]
  const headers = { 'content-type': 'application/json' }
  const response =
    tls !== undefined && url.startsWith('https:')
      ? await postMutual(url, tls, { body, signal, limit: MAX_ANSWER_BYTES })
      : await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal })
  return { response, answer: await boundedBody(response, MAX_ANSWER_BYTES, signal) }
}

/** Why a peer refuses: its first code, if that is one of ours. */
function codeIn(answer: Uint8Array): ErrorCode {
  const json = parseJson(textOf(answer))
  const failures = json instanceof Map ? json.get('failures') : undefined
  const first = Array.isArray(failures) ? failures[0] : undefined
  const code = first instanceof Map ? first.get('code') : undefined
  const isKnown = (name: unknown): name is ErrorCode =>
    typeof name === 'string' && Object.hasOwn(EXIT_OF, name)
  return isKnown(code) ? code : 'REGISTRY_UNREACHABLE'
}
