import { describe, expect, it } from 'vitest'
import { evmRegistryId, evmVerifierId, isSimulated, parseJson, policyId, verifierIdOf } from '../src/index.js'
import { expectRefusal } from './support/refusal.js'
import { itReproduces } from './support/vectors.js'

itReproduces('registry-id-evm', 'verifier-id-evm', 'verifier-id', 'policy-id')

describe('a verifier', () => {
  it.each(['', 'b'.repeat(256), '€'.repeat(86)])('has a name of 1 to 255 bytes, so not %j', (name) => {
    expectRefusal(
      () => verifierIdOf(name),
      'VALUE_MALFORMED',
      'a verifier must have a name of 1 to 255 bytes of UTF-8',
    )
  })

  it('has a name that UTF-8 can spell: a lone surrogate would pass for U+FFFD', () => {
    expectRefusal(
      () => verifierIdOf('\ud83d'),
      'VALUE_MALFORMED',
      'a verifier must have a name of 1 to 255 bytes of UTF-8',
    )
  })

  it('on chain is no registry on chain, and no name', () => {
    const address = new Uint8Array(20)
    expect(evmVerifierId(1n, address)).not.toEqual(evmRegistryId(1n, address))
    expectRefusal(
      () => evmVerifierId(1n, address.subarray(1)),
      'VALUE_MALFORMED',
      'address must have 20 bytes',
    )
    expectRefusal(() => evmVerifierId(-1n, address), 'VALUE_OUT_OF_RANGE', 'integer must fit in 32 bytes')
  })
})

describe('a policy id', () => {
  const policy = parseJson('{"kinds":["simulated-snp"]}')

  it('shows whether the policy is simulated', () => {
    expect(isSimulated(policyId(policy, { simulated: true }))).toBe(true)
    expect(isSimulated(policyId(policy, { simulated: false }))).toBe(false)
    expect(isSimulated(2n ** 248n - 1n)).toBe(false)
    expect(isSimulated(2n ** 248n)).toBe(true)
  })

  it('differs in both domains by more than the mark', () => {
    const mark = 2n ** 248n
    expect(policyId(policy, { simulated: true }) - mark).not.toBe(policyId(policy, { simulated: false }))
  })
})
