import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Backend, type Hasher, openHasher } from '@vouch/circuits'
import { chunkFolder, openBackend } from '@vouch/circuits/node'
import type { AdmissionPolicy } from '@vouch/evidence'
import { type Answer, assertKind, assertShape, type Request, type Shape, VouchError } from '@vouch/protocol'
import { clock } from '@vouch/protocol/node'
import { BUCKET_LEAVES, type RegistrySource, type Synced, slowHasher, syncRegistry } from '@vouch/registry'
import { openSource } from '@vouch/registry/node'
import { assertSigned } from '../src/answering.js'
import {
  type Agreement,
  type Answered,
  type Answering,
  type Asked,
  askGuest,
  type Caution,
  type Copy,
  type Credential,
  credentialOf,
  type Draft,
  type Enrolling,
  type EnrollStage,
  enroll,
  findCredential,
  type Network,
  openCopy,
  type ProveStage,
  prove,
  type RegistryPin,
  vouchedFetch,
} from '../src/index.js'
import { abandonable, abandonableSource, assertWanted } from '../src/net.js'
import { chainSource, type OnChain } from './chain-source.js'
import { type Home, homeFolder, openHome } from './home.js'
import { publishedPolicies, registrySource } from './sources.js'
import { exchangeLine } from './tcp.js'

export interface AliceOptions {
  /** Her folder; $VOUCH_HOME or ~/.vouch if not given. */
  readonly home?: string | undefined
  /** How long each step over the network may take; if not given, as long as such a step takes at the most. */
  readonly timeoutMs?: number
  readonly now?: () => number
}

export interface EnrollOptions {
  readonly agent: string
  readonly registrar: string
  /** The registry's contract, where the registrar is a trust node. */
  readonly onChain?: OnChain | undefined
  /** Documents of policies to be admitted under, instead of what the registrar says. */
  readonly policies?: readonly AdmissionPolicy[] | undefined
  readonly expected?: Partial<RegistryPin>
  readonly name?: string | undefined
  readonly onProgress?: (stage: EnrollStage) => void
  readonly signal?: AbortSignal
}

export interface ProveOptions {
  readonly credential: Credential
  /** Folder or URL of the registry, or the file of a head that was synced; the registrar that admitted her, if not given. */
  readonly registry?: string | undefined
  /** Instead of those: the registry's contract. */
  readonly onChain?: OnChain | undefined
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
  /** Asked for today's addresses of the services; without it, those of the enrollment are used. */
  readonly agent?: string | undefined
}

export interface SyncOptions {
  readonly registry?: string | undefined
  readonly onChain?: OnChain | undefined
  /** A signer other than the one that is pinned, which the holder has come to believe. */
  readonly signer?: Uint8Array | undefined
  readonly onBucket?: (done: number, of: number) => void
  readonly signal?: AbortSignal | undefined
}

export interface WaitOptions {
  readonly registry?: string | undefined
  readonly onChain?: OnChain | undefined
  readonly everyMs?: number
  /** How long to wait in all; a little longer than registrars take to cut a head, if not given. */
  readonly waitMs?: number
  readonly signal?: AbortSignal
}

export type ReadyOptions = EnrollOptions & Pick<WaitOptions, 'everyMs' | 'waitMs'> & { readonly name: string }

/** Alice on this machine: her folder, the network, the clock, randomness and the proving library. */
export interface Alice {
  readonly home: Home
  readonly network: Network
  readonly enrolling: Enrolling
  /** Enrolls, keeps the credential, and answers with it. */
  enroll(options: EnrollOptions): Promise<Credential>
  /** A credential to prove with: the one that has this name while it lives, else a new one; waited for until it is published. */
  ready(options: ReadyOptions): Promise<Credential>
  /** Brings her copy of a registry up to its newest head. */
  sync(held: Draft, options?: SyncOptions): Promise<Synced & { readonly copy: Copy }>
  /** Waits until a published head has the credential: before that there is nothing to prove with. */
  published(credential: Credential, options?: WaitOptions): Promise<void>
  prove(
    request: Request,
    response: Pick<Answer, 'envelope' | 'signature'>,
    options: ProveOptions,
  ): Promise<Answered>
  vouchedFetch(request: Request, options: FetchOptions): Promise<Answered>
  close(): Promise<void>
}

const ENROLLING: Shape<EnrollOptions> = { agent: 'text', registrar: 'text' }
const PROVING: Shape<ProveOptions> = { credential: 'object' }
const FETCHING: Shape<FetchOptions> = { ...PROVING, service: 'text', message: 'text or bytes' }

const random = (size: number): Uint8Array => new Uint8Array(randomBytes(size))

export async function openAlice(options: AliceOptions = {}): Promise<Alice> {
  const home = await openHome(homeFolder(options.home))
  const { now = clock, timeoutMs } = options
  const network: Network = { fetch, exchangeLine, ...(timeoutMs === undefined ? {} : { timeoutMs }) }
  const backend: Backend = openBackend({ reference: { store: chunkFolder(join(home.folder, 'srs')) } })
  const enrolling: Enrolling = { network, backend, now, random }

  const onChainSource = (onChain: OnChain, id: Uint8Array | undefined, signal: AbortSignal | undefined) =>
    abandonable(chainSource(home, { timeoutMs, ...onChain }, id), signal)

  /** Where a held credential's registry is read from: its contract, what the caller names, or the registrar that admitted. */
  const sourceOf = async (
    { registry: { id }, registrar }: Draft,
    { onChain, registry, signal }: Pick<SyncOptions, 'onChain' | 'registry' | 'signal'>,
  ): Promise<RegistrySource> =>
    onChain === undefined
      ? registrySource(registry ?? registrar ?? registryUnnamed(), await home.mirrorOf(id), {
          timeoutMs,
          signal,
        })
      : onChainSource(onChain, id, signal)

  const answering = async (given: ProveOptions): Promise<Answering> => {
    assertShape(given, PROVING, 'prove: options')
    const { credential, registry = credential.registrar, signal } = given
    assertWanted(signal)
    const mirror = await home.mirrorOf(credential.registry.id)
    const source = await sourceOf(credential, given)
    const documents = [
      ...(registry === undefined ? [] : await publishedPolicies(registry, network, signal)),
      ...(await home.documents()),
      ...(given.documents ?? []),
    ]
    return {
      ...given,
      source,
      mirror,
      ledger: home.ledger,
      documents,
      hash: await hasherFor(source),
      backend,
      now,
    }
  }

  const sync: Alice['sync'] = async (held, { registry, onChain, signer, onBucket, signal } = {}) => {
    assertWanted(signal)
    const mirror = await home.mirrorOf(held.registry.id)
    const source = abandonableSource(await sourceOf(held, { registry, onChain, signal }), signal)
    const hash = await hasherFor(source)
    const expected = { registryId: held.registry.id, signer: signer ?? held.registry.signer }
    const progress = onBucket === undefined ? {} : { onBucket }
    const synced = await syncRegistry({ source, mirror, expected, hash, ...progress })
    return { ...synced, copy: await openCopy(mirror, hash) }
  }

  const published: Alice['published'] = async (
    credential,
    { registry, onChain, everyMs = 2000, waitMs = WAIT_MS, signal } = {},
  ) => {
    for (const start = performance.now(); ; await pause(everyMs, signal)) {
      const { copy } = await sync(credential, { registry, onChain, signal })
      if ((await findCredential(copy, credentialOf(credential))) !== undefined) return
      if (performance.now() - start > waitMs) throw unpublished(waitMs)
    }
  }

  const enrolled: Alice['enroll'] = async (given) => {
    assertShape(given, ENROLLING, 'enroll: options')
    const { onChain, signal } = given
    assertWanted(signal)
    if (given.name !== undefined) await home.assertNameFree(given.name)
    const source = await (onChain === undefined
      ? openSource(given.registrar, { timeoutMs, signal })
      : onChainSource(onChain, given.expected?.id, signal))
    const { policies, expected, onProgress } = given
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
        },
      },
      { ...enrolling, hash: await hasherFor(source), onProgress, signal },
    )
    await home.keepCredential(credential, given.name)
    return credential
  }

  const ready: Alice['ready'] = async (given) => {
    assertShape(given, { ...ENROLLING, name: 'text' }, 'ready: options')
    const { name, onChain, signal } = given
    const held = (await home.credentials()).includes(name) ? await home.credential(name) : undefined
    const lives = held !== undefined && held.expiresAt > now()
    if (held !== undefined && !lives) await home.forgetCredential(name) // it proves nothing any more, and has the name
    const credential = lives ? held : await enrolled(given)
    const { everyMs, waitMs } = given
    await published(credential, {
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
    sync,
    published,
    enroll: enrolled,
    ready,
    prove: async (request, response, given) => {
      assertSigned(request, response)
      return prove(request, response, await answering(given))
    },
    vouchedFetch: async (request, given) => {
      assertKind(request, 'object', 'vouchedFetch: request')
      assertShape(given, FETCHING, 'vouchedFetch: options')
      const { service, message, agent, signal } = given
      return vouchedFetch(request, {
        ...(await answering(given)),
        service,
        message: typeof message === 'string' ? new TextEncoder().encode(message) : message,
        network,
        random,
        ...(agent === undefined ? {} : { guest: () => askGuest(agent, network, signal) }),
      })
    },
    close: () => backend.destroy(),
  }
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await setTimeout(milliseconds, undefined, signal && { signal }).catch(() => assertWanted(signal))
}

/** Registrars cut a head every ten minutes by default. */
const WAIT_MS = 15 * 60_000

function unpublished(waitMs: number): VouchError {
  return new VouchError('CREDENTIAL_UNPUBLISHED', {
    rule: 'the credential must be in a published head',
    given: `not after ${waitMs} ms`,
    hint: 'ask the registrar whether heads are cut',
  })
}

/** A fast hasher takes most of a second to start: worth it where there is more than a bucket or two. */
export async function hasherFor(source: RegistrySource): Promise<Hasher> {
  const { size } = await source.head()
  return size > 2 * BUCKET_LEAVES ? openHasher() : slowHasher
}

function registryUnnamed(): never {
  throw new VouchError('USAGE', {
    rule: 'the registry must be named: the credential was enrolled by files, and says no address',
    hint: '--registry with a folder or URL',
  })
}
