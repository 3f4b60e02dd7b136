import { describe, expect, it } from 'vitest'
import {
  evmRegistryId,
  isSimulated,
  parseJson,
  parseVerifier,
  policyId,
  verifierIdOf,
  verifierName,
} from '../src/index.js'
import { expectRefusal } from '../testing/refusal.js'
import { itReproduces } from '../testing/vectors.js'

itReproduces('registry-id-evm', 'verifier-id-evm', 'verifier-id', 'policy-id')

const RULE =
  'a verifier must be an https origin such as https://shop.example, or a contract such as eip155:1:0x and 40 digits'

describe('a verifier', () => {
  it.each([
    '',
    'shop.example',
    'http://shop.example',
    'https://',
    'https://shop.example/pay',
    'https://shop.example//',
    'https://shop.example?',
    'https://shop.example/?q',
    'https://shop.example#',
    'https://@shop.example',
    'https://bob@shop.example',
    'https://bob:pass@shop.example',
    'https://shop.example.',
    'https://shop.example.:8443',
    'https://shop.example:99999',
    'https://sh op.example',
    'wss://shop.example',
    'javascript:https://shop.example',
    'blob:https://shop.example',
    'eip155:0:0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    'eip155:1:0xaa',
    'eip155:1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    '\ud83d',
  ])('is an https origin or a contract, so not %j', (text) => {
    expectRefusal(() => verifierIdOf(parseVerifier(text)), 'VALUE_MALFORMED', RULE)
    if (!text.startsWith('eip155')) expectRefusal(() => verifierIdOf(text), 'VALUE_MALFORMED', RULE)
  })

  it.each([
    'HTTPS://SHOP.example',
    'https://shop.example/',
    'https://shop.example:443',
    ' https://shop.example\n',
  ])('has one id however its origin is spelt: %j', (text) => {
    expect(verifierIdOf(parseVerifier(text))).toEqual(verifierIdOf('https://shop.example'))
    expect(verifierName(text)).toBe('https://shop.example')
  })

  it('of another port or another name is another', () => {
    const spelt = [
      'https://shop.example',
      'https://shop.example:444',
      'https://shop.exampel',
      'https://bøb.example',
    ]
    expect(new Set(spelt.map((text) => verifierIdOf(text).join())).size).toBe(spelt.length)
  })

  it('is read as it is named, a contract in upper or lower case', () => {
    const contract = new Uint8Array(20).fill(0xab)
    const name = verifierName({ chain: 10n, contract })
    expect(name).toBe(`eip155:10:0x${'ab'.repeat(20)}`)
    expect(parseVerifier(name)).toEqual({ chain: 10n, contract })
    expect(parseVerifier(`eip155:10:0x${'AB'.repeat(20)}`)).toEqual({ chain: 10n, contract })
  })

  it('on chain is no registry on chain', () => {
    const contract = new Uint8Array(20)
    expect(verifierIdOf({ chain: 1n, contract })).not.toEqual(evmRegistryId(1n, contract))
    expectRefusal(
      () => verifierIdOf({ chain: 1n, contract: contract.subarray(1) }),
      'VALUE_MALFORMED',
      'address must have 20 bytes',
    )
    expectRefusal(
      () => verifierIdOf({ chain: -1n, contract }),
      'VALUE_OUT_OF_RANGE',
      'integer must fit in 32 bytes',
    )
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
