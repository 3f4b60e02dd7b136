import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Backend } from '@vouch/circuits'
import { openBackend } from '@vouch/circuits/node'
import { type AdmissionPolicy, admissionPolicyId } from '@vouch/evidence'
import { type RunningServer, startServer } from '@vouch/host/http'
import {
  type AcceptancePolicy,
  type Bundle,
  fieldFromHash,
  fieldToBytes,
  fromInteger,
  type Head,
  parseHead,
  type Request,
} from '@vouch/protocol'
import { openRegistrar, type Registrar, siteOf } from '@vouch/registry/node'
import { newRegistry, testPolicy } from '@vouch/registry/testing/enrolling'
import { makeRequest, type Verdict, verify } from '@vouch/verifier'
import { nowSeconds, startGuest, type TestGuest } from './guest.js'

/** A registrar at work, a guest, and Bob: all that Alice has to do with. Over real sockets on loopback. */
export interface World {
  readonly folder: string
  readonly registry: string
  readonly registrar: Registrar
  readonly registrarUrl: string
  readonly guest: TestGuest
  readonly policy: AdmissionPolicy
  readonly backend: Backend
  /** Admits members who do not matter but for their number. */
  crowd(members: number, policyId?: bigint): Promise<void>
  /** The newest head, where verifiers read it. */
  head(): Head
  /** Whom Bob believes. */
  acceptance(): AcceptancePolicy
  /** A Request of Bob's at the newest head. */
  ask(changes?: Partial<Parameters<typeof makeRequest>[0]>): Request
  judge(bundle: Bundle, request: Request): Promise<Verdict>
  close(): Promise<void>
}

/** The verifier that asks, unless a test says otherwise. */
export const SHOP = 'https://shop.example'

let members = 0

export async function openWorld(): Promise<World> {
  const policy = testPolicy({ quota: 1000 })
  const registry = await newRegistry(policy)
  const registrar = await openRegistrar(registry, { key: join(registry, 'signer.key') })
  const server: RunningServer = await startServer(
    siteOf(registrar),
    { host: '127.0.0.1', port: 0 },
    {
      writes: { burst: 10_000, perSecond: 1000 },
      reads: { burst: 100_000, perSecond: 10_000 },
      concurrent: 32,
      connections: 512,
      perAddress: 512,
      headersMs: 5000,
      requestMs: 20_000,
      responseMs: 30_000,
      checkMs: 1000,
    },
  )
  const guest = await startGuest()
  const folder = await mkdtemp(join(tmpdir(), 'vouch-alice-'))
  const backend = openBackend({ kind: 'native' })
  const policyId = admissionPolicyId(policy)

  const head = (): Head => parseHead(readFileSync(join(registry, 'head.json')))
  const acceptance = (): AcceptancePolicy => ({
    version: 1,
    registry: { id: head().registryId, signer: head().signer },
    clockSkew: 60,
    headAge: 3600,
    requestAge: 600,
    freshness: { kind: 'challenge' },
    simulated: true,
    policies: [policyId],
    services: { sha256: guest.guest.services.map(({ drv }) => drv) },
  })

  return {
    folder,
    registry,
    registrar,
    registrarUrl: `http://127.0.0.1:${server.address.port}`,
    guest,
    policy,
    backend,
    head,
    acceptance,
    crowd: async (count, under = policyId) => {
      const now = nowSeconds()
      for (let i = 0; i < count; i++) {
        const n = fromInteger(++members, 4)
        await registrar.registry.admit({
          nonce: fieldToBytes(fieldFromHash('crowd nonce', n)),
          credential: fieldFromHash('crowd credential', n),
          policyId: under,
          expiresAt: now - (now % 3600) + 48 * 3600,
          machine: fieldToBytes(fieldFromHash('crowd machine', n)),
          evidence: n,
        })
      }
      await registrar.registry.cutHead()
    },
    ask: (changes = {}) =>
      makeRequest({
        acceptance: acceptance(),
        head: head(),
        now: nowSeconds(),
        verifier: SHOP,
        challenge: new Uint8Array(randomBytes(32)),
        profile: 'sha256',
        ...changes,
      }),
    judge: (bundle, request) =>
      verify(bundle, {
        request,
        acceptance: acceptance(),
        head: head(),
        now: nowSeconds(),
        backend,
      }),
    close: async () => {
      await server.close()
      await registrar.close()
      await guest.close()
      await backend.destroy()
      await rm(folder, { recursive: true, force: true })
      await rm(dirname(registry), { recursive: true, force: true })
    },
  }
}
