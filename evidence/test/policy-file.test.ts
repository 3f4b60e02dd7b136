import { admissionPolicyId } from '@vouch/evidence'
import { policyTemplate, readPolicyText } from '@vouch/evidence/node'
import { VouchError } from '@vouch/protocol'
import { mutatedText } from '@vouch/protocol/testing/mutation'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { genuineJson } from '../testing/genuine.js'
import { policyJson, policyOf } from '../testing/simulated.js'

describe('a policy', () => {
  test('in YAML has the id that it has in JSON', () => {
    for (const json of [policyJson, genuineJson(['12'.repeat(48)])])
      expect(admissionPolicyId(readPolicyText(stringify(json, { aliasDuplicateObjects: false })))).toBe(
        admissionPolicyId(policyOf(json)),
      )
    expect(admissionPolicyId(readPolicyText(JSON.stringify(policyJson)))).toBe(
      admissionPolicyId(policyOf(policyJson)),
    )
  })

  test('in JSON is read as strictly as all JSON', () => {
    expect(refusalOf(() => readPolicyText('{"version":1,"version":1}')).code).toBe('JSON_DUPLICATE_MEMBER')
  })

  test.each(['sev-snp', 'simulated-snp'] as const)(
    'of %s loads once its template is filled in, and not before',
    (kind) => {
      const text = policyTemplate(kind)
      expect(refusalOf(() => readPolicyText(text)).code).toBe('VALUE_MALFORMED')
      const filled = text
        .replace('<what people call this policy>', 'ours')
        .replace('<measurement>', '00'.repeat(48))
        .replace('<os image hash>', '0'.repeat(64))
      expect(readPolicyText(filled)).toMatchObject({ name: 'ours', quota: 1, ttl: 172_800 })
    },
  )
})

test('any policy text is read or refused', () => {
  const samples = [JSON.stringify(policyJson), JSON.stringify(policyJson, null, 2).slice(1, -1)]
  fc.assert(
    fc.property(mutatedText(samples), (text) => {
      try {
        readPolicyText(text)
      } catch (error) {
        if (!(error instanceof VouchError) || error.code === 'INTERNAL') throw error
      }
    }),
    { numRuns: Math.min(Number(process.env.VOUCH_FUZZ_RUNS ?? 500), 500) },
  )
})

describe('a template', () => {
  test.each(['tdx', 'simulated-tdx', 'sgx', 'simulated-sgx'] as const)(
    'of %s loads once it is filled in, and not before',
    (kind) => {
      const text = policyTemplate(kind)
      expect(refusalOf(() => readPolicyText(text)).code).toBe('VALUE_MALFORMED')
      const filled = text
        .replace('<what people call this policy>', 'ours')
        .replace(/- mrtd: <mrtd>/, `- mrtd: ${'00'.repeat(48)}`)
        .replace(/<rtmr[012]>/g, '00'.repeat(48))
        .replace('- <mrenclave>', `- ${'00'.repeat(32)}`)
        .replace('<os image hash>', '0'.repeat(64))
      expect(readPolicyText(filled)).toMatchObject({ name: 'ours', quota: 1 })
    },
  )

  test('of azure-tdx loads once it is filled in, and not before', () => {
    const text = policyTemplate('azure-tdx')
    expect(refusalOf(() => readPolicyText(text)).code).toBe('VALUE_MALFORMED')
    const filled = text
      .replace('<what people call this policy>', 'ours')
      .replace('<os image hash>', '0'.repeat(64))
      .replace(/<(mrtd|rtmr\d)>/g, '00'.repeat(48))
      .replace(/\[<[^\]]+>\]/g, `[${'00'.repeat(32)}]`)
    expect(readPolicyText(filled)).toMatchObject({ name: 'ours' })
  })
})
