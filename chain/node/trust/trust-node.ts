import { randomBytes } from 'node:crypto'
import { openBackend } from '@vouch/circuits/node'
import type { TlsIdentity } from '@vouch/host/http'
import { clock, openSigner } from '@vouch/host/node'
import {
  type EnrollmentFile,
  equalBytes,
  type Failure,
  fieldToBytes,
  type Hasher,
  type NonceTicket,
  parseEnrollment,
  printEnrollment,
  type ReadEnrollment,
  toHex,
  VouchError,
} from '@vouch/protocol'
import {
  type Admission,
  admitRead,
  type NewMember,
  type OnAdmissionStep,
  type Registry,
} from '@vouch/registry'
import {
  AuditLog,
  type ClockTrust,
  openRegistry,
  readCollateral,
  readiness,
  readPolicies,
  registrarFolder,
} from '@vouch/registry/node'
import type { Address, LocalAccount } from 'viem'
import { type Endorsement, evidenceHash, type Proposal } from '../../src/proposal.js'
import type { Chain } from '../client/client.js'
import { type Block, bytesOf } from '../sync/events.js'
import { openContract } from './contract.js'
import type { NodeService } from './http.js'
import { collectSignatures, PEER_TIMEOUT_MS } from './peers.js'
import { ChainRemovals } from './removals.js'
import { type AdmissionMessage, signAdmission } from './signing.js'
import { Unsettled } from './unsettled.js'

export interface TrustNodeOptions {
  readonly chain: Chain
  readonly registry: Address
  /** Signs admissions, and pays for those that this node submits. */
  readonly account: LocalAccount
  /** Where the other nodes answer. */
  readonly peers: readonly string[]
  /** What this node shows those that want to see a certificate. */
  readonly tls?: TlsIdentity | undefined
  /** How long each of them may take. */
  readonly peerTimeoutMs?: number
  readonly now?: () => number
  /** How far the clock is believed when something is signed. */
  readonly clock?: ClockTrust | undefined
  readonly hash?: Hasher
  readonly onAuditFailure?: (error: unknown) => void
  /** Told how long each step of an admission takes. */
  readonly onStep?: OnAdmissionStep | undefined
}

export interface TrustNode extends NodeService {
  /** The node's own log: what it has signed for. */
  readonly registry: Registry
  close(): Promise<void>
}

interface Submitted {
  readonly index: number
  /** Kept in the private log: with it a node can show what it signed for. */
  readonly salt: Uint8Array
}

/** How long signatures on an admission count. */
const DEADLINE = 600
const HOUR = 3600
/** How far the clocks of two nodes may be apart. */
const CLOCK_SKEW = 120

/**
 * A trust node: admits by the same steps as a registrar, and signs what it found. Its folder is a registrar's, whose log says
 * what it has signed for, and for which machine: quotas, removed machines and used nonces are each node's own business.
 */
export async function openTrustNode(folder: string, options: TrustNodeOptions): Promise<TrustNode> {
  const { chain, registry, account, peers, peerTimeoutMs = PEER_TIMEOUT_MS, now = clock, hash } = options
  const { onAuditFailure = () => undefined } = options
  const contract = await openContract(chain, registry)
  const paths = registrarFolder(folder)
  const policies = await readPolicies(paths)
  const signer = await openSigner(paths.signerKey)
  const store = await openRegistry(folder, { now, clock: options.clock, signer, hash })
  if (!equalBytes(store.id, contract.id)) {
    await store.close()
    throw new VouchError('REGISTRY_NOT_ACCEPTED', {
      rule: 'the folder must be that of a node of this registry',
      given: toHex(store.id),
      hint: 'registrar init FOLDER --rpc URL --contract ADDRESS makes one',
    })
  }
  const backend = openBackend()
  const audit = new AuditLog(store, onAuditFailure)
  const unsettled = new Unsettled(store, contract, now)
  await unsettled.resume(store)
  const removals = new ChainRemovals(chain, registry, store, folder)

  const noteRefusal = (from: string, failures: readonly Failure[]): Promise<void> =>
    audit.refuse({ time: now(), from, failures })

  /** Judges an enrollment, and notes in the log that this node signs for it, until `expiresOf` says. */
  const judge = async (read: ReadEnrollment, expiresOf: (own: NewMember) => number) => {
    await unsettled.settle()
    let block: Block | undefined
    const admission = await admitRead(read, {
      registryId: contract.id,
      checkNonce: async (ticket) => {
        block = await contract.blockOf(ticket)
        await removals.follow()
      },
      policies: await contract.inForce(policies),
      collateral: () => readCollateral(paths),
      registry: {
        find: (credential) => store.find(credential),
        isRefused: (machine) => store.isRefused(machine),
        admit: async (member) => {
          const admitted = await store.admit({ ...member, expiresAt: expiresOf(member) })
          unsettled.add(member.credential, now() + DEADLINE)
          return admitted
        },
      },
      backend,
      now: now(),
      onStep: options.onStep,
    })
    return { admission, block }
  }

  const messageOf = (proposal: Proposal, block: Block): AdmissionMessage => ({
    credential: proposal.enrollment.ticket.credential,
    policyId: proposal.enrollment.policyId,
    expiresAt: BigInt(proposal.expiresAt),
    evidenceHash: `0x${toHex(evidenceHash(proposal))}`,
    blockNumber: BigInt(block.number),
    deadline: BigInt(proposal.deadline),
    setVersion: proposal.setVersion,
  })

  const submit = async (enrollment: EnrollmentFile, expiresAt: number, block: Block): Promise<Submitted> => {
    const { setVersion, threshold } = await contract.quorum()
    const salt = new Uint8Array(randomBytes(32))
    const deadline = now() + DEADLINE
    const proposal: Proposal = { version: 1, enrollment, expiresAt, salt, deadline, setVersion }
    const message = messageOf(proposal, block)
    const own = await signAdmission(chain, registry, account, message)
    const signed = await collectSignatures({
      ...{ chain, registry, peers, message, proposal },
      own: (await contract.isMember(own.signer)) ? [own] : [],
      needed: threshold,
      isMember: contract.isMember,
      timeoutMs: peerTimeoutMs,
      tls: options.tls,
    })
    return { index: await contract.admit(account, message, signed), salt }
  }

  return {
    registry: store,
    noteRefusal,
    unready: readiness(store, folder, now),
    policies: () => [...policies.values()],
    nonce: async (credential): Promise<NonceTicket> => {
      const { hash: random } = await contract.recentBlock()
      return { version: 1, registryId: contract.id, credential, random }
    },
    admit: async (file, from): Promise<Admission> => {
      const enrollment = parsed(file)
      if (enrollment instanceof VouchError) {
        await noteRefusal(from, [enrollment])
        return { admitted: false, failures: [enrollment] }
      }
      const { admission, block } = await judge({ enrollment, file }, ({ expiresAt }) => expiresAt)
      if (!admission.admitted || block === undefined) {
        if (!admission.admitted) await noteRefusal(from, admission.failures)
        return admission
      }
      const { credential, expiresAt } = admission.receipt
      try {
        const { index, salt } = await submit(enrollment, expiresAt, block)
        const details = { index, credential: toHex(fieldToBytes(credential)), salt: toHex(salt) }
        await audit.write({ time: now(), outcome: 'signed', from, details })
        return { ...admission, number: index }
      } catch (error) {
        if (!(error instanceof VouchError)) throw error
        await noteRefusal(from, [error])
        return { admitted: false, failures: [error] }
      }
    },
    endorse: async (proposal, from): Promise<Endorsement | readonly Failure[]> => {
      await assertTimely(proposal, now(), contract.quorum)
      const { enrollment } = proposal
      const file = new TextEncoder().encode(printEnrollment(enrollment))
      const { admission, block } = await judge({ enrollment, file }, (own) =>
        agreedExpiry(proposal, own, now()),
      )
      if (!admission.admitted || block === undefined) {
        const failures = admission.admitted ? [] : admission.failures
        await noteRefusal(from, failures)
        return failures
      }
      const { signature } = await signAdmission(chain, registry, account, messageOf(proposal, block))
      const credential = toHex(fieldToBytes(admission.receipt.credential))
      const details = { credential, salt: toHex(proposal.salt) }
      await audit.write({ time: now(), outcome: 'signed', from, details })
      return { version: 1, signature: bytesOf(signature) }
    },
    close: async () => {
      await backend.destroy()
      await store.close()
    },
  }
}

/** An enrollment; or why it cannot be read. */
function parsed(file: Uint8Array): EnrollmentFile | VouchError {
  try {
    return parseEnrollment(file)
  } catch (error) {
    if (error instanceof VouchError) return error
    throw error
  }
}

/** Refuses to sign what could be held back for long, or was made for another set of members. */
async function assertTimely(
  { deadline, setVersion }: Proposal,
  now: number,
  quorum: () => Promise<{ readonly setVersion: number }>,
): Promise<void> {
  const current = (await quorum()).setVersion
  if (deadline >= now && deadline <= now + DEADLINE + CLOCK_SKEW && setVersion === current) return
  throw new VouchError('REQUEST_TOO_OLD', {
    rule: `a proposal must be for the members of today, and for ${DEADLINE} s at the most`,
    given: `for ${deadline - now} s, set ${setVersion} of ${current}`,
  })
}

/** The proposer's expiry, if it is what everybody gets: clocks may stand in two hours. Another one would name the credential. */
function agreedExpiry({ expiresAt }: Proposal, own: NewMember, now: number): number {
  const isGridded = expiresAt % HOUR === 0 && Math.abs(expiresAt - own.expiresAt) <= HOUR
  if (isGridded && expiresAt >= now + HOUR) return expiresAt
  throw new VouchError('LIFETIME_TOO_SHORT', {
    rule: 'the proposed expiry must be that which this node finds, to the hour',
    given: `${expiresAt}, not ${own.expiresAt}`,
  })
}
