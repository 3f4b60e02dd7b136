import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Backend } from '@vouch/circuits'
import { openBackend } from '@vouch/circuits/node'
import type { AdmissionPolicy } from '@vouch/evidence'
import { clock } from '@vouch/host/node'
import {
  type Answer,
  assertKind,
  assertShape,
  assertWanted,
  type Credential,
  equalBytes,
  type Guest,
  type RegistryPin,
  type Request,
  type Shape,
  shown,
  type Verifier,
  VouchError,
} from '@vouch/protocol'
import { openSource } from '@vouch/registry/node'
import { assertSigned } from '../src/answering.js'
import {
  type Agreement,
  type Answered,
  type Answering,
  type Asked,
  askGuest,
  type Caution,
  credentialOf,
  type Enrolling,
  type EnrollStage,
  enroll,
  type Network,
  type ProveStage,
  prove,
  vouchedFetch,
} from '../src/index.js'
import { abandonable } from '../src/net.js'
import { chainSource, type OnChain } from './chain-source.js'
import { chunkFolder } from './chunk-folder.js'
import { type Home, homeFolder, openHome } from './home.js'
import { keepSyncing, openRounds, type Round, type SyncTold } from './sync-clock.js'
import {
  chainReading,
  hasherFor,
  mirrorReading,
  openSyncing,
  type Syncing,
  startedAt,
  type WaitOptions,
} from './syncing.js'
import { exchangeLine } from './tcp.js'

export interface AliceOptions {
  /** Her folder; $VOUCH_HOME or ~/.vouch if not given. */
  readonly home?: string | undefined
  /** How long each step over the network may take; if not given, as long as such a step takes at the most. */
  readonly timeoutMs?: number
  readonly now?: () => number
  /** Seconds from one sync of her copies to the next, in the background and from the next tick on; 300 if not given, `false` for none. */
  readonly syncEvery?: number | false
  /** Told how each registry fared when it was synced in the background. */
  readonly onSync?: (told: SyncTold) => void
}

export interface EnrollOptions {
  readonly agent: string
  readonly registrar: string
  /** The registry's contract, where the registrar is a trust node. It is kept, and read from at each sync. */
  readonly onChain?: OnChain | undefined
  /** Folder or URL of a mirror to read the registry from, then and at each sync; the registrar, if not given. */
  readonly mirror?: string | undefined
  /** Documents of policies to be admitted under, instead of what the registrar says. */
  readonly policies?: readonly AdmissionPolicy[] | undefined
  readonly expected?: Partial<RegistryPin>
  readonly name?: string | undefined
  readonly onProgress?: (stage: EnrollStage) => void
  readonly signal?: AbortSignal
}

export interface ProveOptions {
  readonly credential: Credential
  /** The verifier that she means to answer: its https origin, or its contract. */
  readonly verifier: Verifier
  /** Listings of guests, as their agents give them: they make services known that hers does not run. */
  readonly guests?: readonly Guest[] | undefined
  readonly documents?: readonly AdmissionPolicy[] | undefined
  readonly caution?: Partial<Caution>
  readonly agreement?: Agreement
  readonly onAsked?: (asked: Asked) => void | Promise<void>
  readonly onProgress?: (stage: ProveStage) => void
  readonly signal?: AbortSignal
}

export interface FetchOptions extends ProveOptions {
  readonly service: string
  readonly message: string | Uint8Array
  /** The salt of the verifier's own question, where the Request names its hash. */
  readonly salt?: Uint8Array | undefined
  /** Asked for today's addresses of the services; without it, those of the enrollment are used. */
  readonly agent?: string | undefined
}

export type ReadyOptions = EnrollOptions & Pick<WaitOptions, 'everyMs' | 'waitMs'> & { readonly name: string }

/** Alice on this machine: her folder, the network, the clock, randomness and the proving library. */
export interface Alice extends Syncing {
  readonly home: Home
  readonly network: Network
  readonly enrolling: Enrolling
  /** A round over every registry that she holds anything in. */
  readonly round: Round
  /** Enrolls, keeps the credential, and answers with it. That makes the first copy of the registry. */
  enroll(options: EnrollOptions): Promise<Credential>
  /** A credential to prove with: the one that has this name while it lives, else a new one; waited for until it is published. */
  ready(options: ReadyOptions): Promise<Credential>
  /** Proves from her copy as it is. Nothing is fetched: `sync` does that, on a clock of its own. */
  prove(
    request: Request,
    response: Pick<Answer, 'envelope' | 'signature'>,
    options: ProveOptions,
  ): Promise<Answered>
  vouchedFetch(request: Request, options: FetchOptions): Promise<Answered>
  close(): Promise<void>
}

const ENROLLING: Shape<EnrollOptions> = { agent: 'text', registrar: 'text' }
const PROVING: Shape<ProveOptions> = { credential: 'object', verifier: 'text or object' }
const FETCHING: Shape<FetchOptions> = { ...PROVING, service: 'text', message: 'text or bytes' }

const random = (size: number): Uint8Array => new Uint8Array(randomBytes(size))

export async function openAlice(options: AliceOptions = {}): Promise<Alice> {
  const { syncEvery = USUAL_SYNC_EVERY, onSync } = options
  const everyMs = syncEvery === false ? undefined : millisecondsOf(syncEvery)
  const home = await openHome(homeFolder(options.home))
  const { now = clock, timeoutMs } = options
  const network: Network = { fetch, exchangeLine, ...(timeoutMs === undefined ? {} : { timeoutMs }) }
  const backend: Backend = openBackend({ reference: { store: chunkFolder(join(home.folder, 'srs')) } })
  const enrolling: Enrolling = { network, backend, now, random }

  const syncing = openSyncing(home, { timeoutMs, now })
  const round = openRounds(home, syncing, now)

  const ending = new AbortController()
  const tell = (told: SyncTold): void => {
    try {
      onSync?.(told)
    } catch {
      // A listener's fault ends no clock: no caller would hear that the clock stands.
    }
  }
  const syncOnce = (signal: AbortSignal): Promise<void> => round({ signal }, tell)
  const ticking = everyMs && keepSyncing(syncOnce, { everyMs, signal: ending.signal, ref: false })

  const answering = async (given: ProveOptions): Promise<Answering> => {
    assertShape(given, PROVING, 'prove: options')
    const { credential, signal } = given
    assertWanted(signal)
    const { id } = credential.registry
    const mirror = await home.mirrorOf(id)
    const inRegistry = (await home.all()).filter(({ registry }) => equalBytes(registry.id, id))
    return {
      ...given,
      held: inRegistry.map(credentialOf),
      guests: [...(await home.guests()), ...(given.guests ?? [])],
      documents: [...(await mirror.policies()), ...(await home.documents()), ...(given.documents ?? [])],
      mirror,
      ledger: home.ledger,
      hash: await hasherFor((await mirror.head())?.size ?? 0),
      backend,
      now,
    }
  }

  const enrolled: Alice['enroll'] = async (given) => {
    assertShape(given, ENROLLING, 'enroll: options')
    const { onChain, signal } = given
    assertWanted(signal)
    if (given.name !== undefined) await home.assertNameFree(given.name)
    const read = await (onChain === undefined
      ? openSource(given.mirror ?? given.registrar, { timeoutMs, signal })
      : abandonable(chainSource(home, { timeoutMs, ...onChain }, given.expected?.id), signal))
    const { source, hash } = await startedAt(read, signal)
    const { policies, expected, onProgress } = given
    const named = onChain === undefined ? given.mirror && mirrorReading(given.mirror) : chainReading(onChain)
    const credential = await enroll(
      {
        agent: given.agent,
        registrar: given.registrar,
        source,
        mirrorOf: home.mirrorOf,
        ...(expected === undefined ? {} : { expected }),
        ...(policies === undefined ? {} : { policies }),
        keepDraft: async ({ draft, policy }) => {
          await home.keepDraft(draft)
          await home.keepDocument(policy)
          if (named) await home.keepReading(draft.registry.id, named)
        },
      },
      { ...enrolling, hash, onProgress, signal },
    )
    await home.keepCredential(credential, given.name)
    return credential
  }

  const ready: Alice['ready'] = async (given) => {
    assertShape(given, { ...ENROLLING, name: 'text' }, 'ready: options')
    const { name, mirror, onChain, signal } = given
    const held = (await home.credentials()).includes(name) ? await home.credential(name) : undefined
    const lives = held !== undefined && held.expiresAt > now()
    if (held !== undefined && !lives) await home.forgetCredential(name) // it proves nothing any more, and has the name
    const credential = lives ? held : await enrolled(given)
    const { everyMs, waitMs } = given
    await syncing.published(credential, {
      mirror,
      onChain,
      ...(everyMs === undefined ? {} : { everyMs }),
      ...(waitMs === undefined ? {} : { waitMs }),
      ...(signal === undefined ? {} : { signal }),
    })
    return credential
  }

  return {
    home,
    network,
    enrolling,
    round,
    ...syncing,
    enroll: enrolled,
    ready,
    prove: async (request, response, given) => {
      assertSigned(request, response)
      return prove(request, response, await answering(given))
    },
    vouchedFetch: async (request, given) => {
      assertKind(request, 'object', 'vouchedFetch: request')
      assertShape(given, FETCHING, 'vouchedFetch: options')
      const { service, message, salt, agent, signal } = given
      return vouchedFetch(request, {
        ...(await answering(given)),
        service,
        message: typeof message === 'string' ? new TextEncoder().encode(message) : message,
        salt,
        network,
        random,
        ...(agent === undefined ? {} : { guest: () => askGuest(agent, network, signal) }),
      })
    },
    close: async () => {
      ending.abort()
      await ticking
      await backend.destroy()
    },
  }
}

/** Half of what registrars take to cut a head by default: her copy has the newest, or its predecessor. */
const USUAL_SYNC_EVERY = 300
const LONGEST_SYNC_EVERY = 86_400

function millisecondsOf(syncEvery: number): number {
  if (Number.isSafeInteger(syncEvery) && syncEvery >= 1 && syncEvery <= LONGEST_SYNC_EVERY)
    return syncEvery * 1000
  throw new VouchError('USAGE', {
    rule: `syncEvery must be whole seconds, 1 to ${LONGEST_SYNC_EVERY}, or false`,
    given: shown(syncEvery),
  })
}
