import { describe, expect, it } from 'vitest'
import { someAcceptance } from '../../fixtures/statements/requests.js'
import {
  type AcceptancePolicy,
  acceptanceHash,
  decodeAcceptance,
  encodeAcceptance,
  parseAcceptance,
  printAcceptance,
} from '../src/index.js'
import { expectRefusal } from '../testing/refusal.js'
import { itReproduces } from '../testing/vectors.js'
import { acceptance } from './support/samples.js'

itReproduces('acceptance-policy')

const { registry, policies, services } = acceptance
const other = (bytes: Uint8Array): Uint8Array => bytes.with(31, (bytes[31] ?? 0) ^ 1)
const sha256 = services.sha256 ?? []

const changes: readonly Partial<AcceptancePolicy>[] = [
  { registry: { ...registry, id: other(registry.id) } },
  { registry: { ...registry, signer: other(registry.signer) } },
  { clockSkew: acceptance.clockSkew + 1 },
  { headAge: acceptance.headAge + 1 },
  { requestAge: acceptance.requestAge + 1 },
  { freshness: { kind: 'max_age', seconds: 1 } },
  { simulated: true },
  { policies: policies.slice(1) },
  { services: { sha256: sha256.slice(1) } },
  { services: { eip191: sha256 } },
  { services: { sha256, eip191: sha256 } },
]

describe('an acceptance policy', () => {
  it('is read back as it was written, and every change gives another hash', () => {
    const all = [acceptance, ...changes.map((change) => ({ ...acceptance, ...change }))]
    for (const policy of all) {
      expect(decodeAcceptance(encodeAcceptance(policy))).toEqual(policy)
      expect(parseAcceptance(printAcceptance(policy))).toEqual(policy)
    }
    expect(new Set(all.map(acceptanceHash)).size).toBe(all.length)
  })

  it('may be written in any order: a person writes it', () => {
    const shuffled = {
      ...someAcceptance,
      policies: someAcceptance.policies.toReversed(),
      services: { sha256: Object.values(someAcceptance.services).flat().toReversed() },
    }
    expect(parseAcceptance(JSON.stringify(shuffled))).toEqual(acceptance)
  })

  it('believes services under one profile at least', () => {
    expectRefusal(
      () => encodeAcceptance({ ...acceptance, services: {} }),
      'VALUE_OUT_OF_RANGE',
      'acceptance policy.services must name services under one profile at least',
    )
  })
})
