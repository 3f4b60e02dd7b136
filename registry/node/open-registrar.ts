import { randomBytes } from 'node:crypto'
import { openBackend } from '@vouch/circuits/node'
import { clock, openSigner, readSecret } from '@vouch/host/node'
import {
  checkTicket,
  type Failure,
  fieldToBytes,
  type Hasher,
  issueNonce,
  type NonceTicket,
  toHex,
  VouchError,
} from '@vouch/protocol'
import { type Admission, admit, type OnAdmissionStep } from '../src/admission.js'
import type { Registry } from '../src/store.js'
import type { RegistrarService } from './http/service.js'
import { carryOut, type Order, type Outcome, orderDetails } from './orders.js'
import { PublishedRegistry } from './published.js'
import { publicFolder } from './publishing.js'
import { AuditLog } from './serving/audit-log.js'
import { readiness } from './serving/readiness.js'
import { readCollateral, readPolicies, registrarFolder } from './serving/registrar-folder.js'
import { type ClockTrust, openRegistry, type Store } from './store/index.js'

export interface RegistrarOptions extends Store {
  /** Where the key that signs heads is; without one no head is cut, and nothing removed. */
  readonly key?: string | undefined
  readonly now?: () => number
  /** A folder that a server of files publishes, where every head and its leaves are written. */
  readonly publish?: string | undefined
  /** Where readers find that folder: the newest head there is asked for before another is signed. */
  readonly published?: string | undefined
  /** How far the clock is believed when something is signed. */
  readonly clock?: ClockTrust | undefined
  /** How many days decisions are kept in the audit. */
  readonly auditDays?: number | undefined
  /** A fast hasher, for whoever admits many; JavaScript's own if not given. */
  readonly hash?: Hasher
  /** Told when the private log could not be written. */
  readonly onAuditFailure?: (error: unknown) => void
  /** Told how long each step of an admission takes. */
  readonly onStep?: OnAdmissionStep | undefined
}

/** A registrar at work: its registry open for writing, its policies loaded, the proving library at hand. */
export interface Registrar extends RegistrarService {
  readonly registry: Registry
  /** Does what the operator orders, and notes it in the private log, with who ordered it. */
  carryOut(order: Order, from?: string): Promise<Outcome>
  close(): Promise<void>
}

/** Most heads in one answer. */
const HEADS_PAGE = 256

export async function openRegistrar(folder: string, options: RegistrarOptions = {}): Promise<Registrar> {
  const paths = registrarFolder(folder)
  const now = options.now ?? clock
  const policies = await readPolicies(paths)
  const nonceKey = await readSecret(paths.nonceKey)
  const signer = options.key === undefined ? undefined : await openSigner(options.key)
  const { hash, store, auditDays } = options
  const part = { policies: [...policies.values()], hash }
  const publish =
    options.publish === undefined ? undefined : publicFolder(options.publish, part, options.published)
  const registry = await openRegistry(folder, {
    now,
    clock: options.clock,
    signer,
    hash,
    store,
    publish,
    auditDays,
  })
  const backend = openBackend()
  const audit = new AuditLog(registry, options.onAuditFailure ?? (() => undefined))
  const published = new PublishedRegistry(registry)
  const giver = { registryId: registry.id, nonceKey }

  const noteRefusal = (from: string, failures: readonly Failure[]): Promise<void> =>
    audit.refuse({ time: now(), from, failures })

  return {
    registry,
    noteRefusal,
    unready: readiness(registry, folder, now),
    nonce: (credential): NonceTicket => issueNonce(giver, credential, now(), new Uint8Array(randomBytes(8))),
    admit: async (file, from): Promise<Admission> => {
      const admission = await admit(file, {
        registryId: registry.id,
        checkNonce: (ticket) => checkTicket(giver, ticket, now()),
        policies,
        collateral: () => readCollateral(paths),
        registry,
        backend,
        now: now(),
        onStep: options.onStep,
      })
      if (!admission.admitted) await noteRefusal(from, admission.failures)
      else {
        const details = {
          number: admission.number,
          credential: toHex(fieldToBytes(admission.receipt.credential)),
        }
        await audit.write({ time: now(), outcome: 'admitted', from, details })
      }
      return admission
    },
    head: () => registry.head(),
    headsAfter: (seq) => registry.heads(seq + 1, HEADS_PAGE),
    buckets: () => published.index(),
    bucket: (number, root) => published.bucket(number, root),
    policies: () => [...policies.values()],
    carryOut: async (order, from = 'command line') => {
      const said = order.action === 'readmit' ? 'readmitted' : 'removed'
      const note = (more: Readonly<Record<string, string | number>>) =>
        audit.write({ time: now(), outcome: said, from, details: { ...orderDetails(order), ...more } })
      try {
        const outcome = await carryOut(registry, order)
        const isNoted = await note({ leaves: outcome.removed, seq: outcome.seq })
        return { ...outcome, isNoted }
      } catch (error) {
        // It may be recorded all the same, and wait for its head: the line says what the operator was told.
        if (error instanceof VouchError) await note({ failed: error.code, rule: error.rule })
        throw error
      }
    },
    close: async () => {
      await backend.destroy()
      await registry.close()
    },
  }
}
