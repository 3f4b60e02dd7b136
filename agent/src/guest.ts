import {
  type Attestation,
  auxOf,
  buildServiceTree,
  compareBytes,
  concat,
  evidenceInOrder,
  type Failure,
  fromInteger,
  type Guest,
  gpuDigest,
  gpuNonce,
  type ListedService,
  reportData,
  type ServicePath,
  type ServiceTree,
  shown,
  VouchError,
} from '@vouch/protocol'
import type { Provider, ProviderName } from './providers/index.js'
import { type Roll, servicesAwaited } from './roll.js'
import { BoundedTurns, type TurnPatience } from './turns.js'

/** What is known of a service before it has announced its key. */
export type ExpectedService = Omit<ListedService, 'publicKey'>

export interface GuestParameters {
  readonly providerName: ProviderName
  readonly provider: Provider
  readonly osImageHash: Uint8Array
  readonly services: readonly ExpectedService[]
  readonly roll: Roll
  readonly patience?: TurnPatience
}

export interface ServiceProof {
  readonly service: ListedService
  readonly siblings: ServicePath
}

/** A guest as its agent shows it to strangers. */
export interface GuestView {
  /** What is in the way of attesting: services that are awaited. */
  unready(): Promise<readonly Failure[]>
  info(): Guest
  proof(name: string): ServiceProof
  attest(nonce: Uint8Array): Promise<Attestation>
}

/** Questions to the hardware in hand and waiting; each takes milliseconds to seconds, and who asks waits half a minute. */
const PATIENCE: TurnPatience = { most: 16, milliseconds: 30_000 }

export function guestView(parameters: GuestParameters): GuestView {
  const { providerName, provider, osImageHash, roll } = parameters
  const expected = [...parameters.services].sort((a, b) => compareBytes(placeOf(a), placeOf(b)))
  const turns = new BoundedTurns(parameters.patience ?? PATIENCE)
  let built: { readonly services: readonly ListedService[]; readonly tree: ServiceTree } | undefined

  /** Built once, when the last key is there: from then on nothing can change it. */
  function whole() {
    if (built === undefined) {
      const services = expected.map((service) => ({ ...service, publicKey: roll.keyOf(service.name) }))
      built = { services, tree: buildServiceTree(services) }
    }
    return built
  }

  return {
    unready: async () => (roll.awaited.length === 0 ? [] : [servicesAwaited(roll.awaited)]),
    info() {
      const { services, tree } = whole()
      return { version: 1, provider: providerName, osImageHash, smtRoot: tree.root, services }
    },
    proof(name) {
      const { services, tree } = whole()
      const service = services.find((candidate) => candidate.name === name)
      if (service === undefined) {
        throw new VouchError('LEAF_MISSING', {
          rule: 'the guest must have a service of that name',
          given: shown(name),
        })
      }
      return { service, siblings: tree.pathOf(service) }
    },
    async attest(nonce) {
      const smtRoot = whole().tree.root
      return turns.take(async () => {
        const gpus = await provider.gpus?.(gpuNonce(nonce))
        const digest = gpuDigest(gpus?.canonical ?? [])
        const data = reportData(osImageHash, smtRoot, auxOf(digest, nonce))
        const evidence = evidenceInOrder([...(await provider.attest(data)), ...(gpus?.files ?? [])])
        return { version: 1, nonce, osImageHash, gpuDigest: digest, smtRoot, reportData: data, evidence }
      })
    },
  }
}

/** The order that a guest's services are listed in. */
function placeOf({ drv, instance }: ExpectedService): Uint8Array {
  return concat(drv, fromInteger(instance, 4))
}
