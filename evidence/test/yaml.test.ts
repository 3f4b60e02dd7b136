import { admissionPolicyId } from '@vouch/evidence'
import { policyTemplate, readPolicyText } from '@vouch/evidence/node'
import { plain } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { refusalOf } from '../../protocol/test/support/refusal.js'
import { parseYaml } from '../node/yaml.js'
import { genuineJson } from './support/genuine.js'
import { policyJson, policyOf } from './support/simulated.js'

describe('YAML', () => {
  test('is read plainly, with comments', () => {
    const text = `
      # a comment
      number: 42
      zero: 0
      yes_it_is: true
      no: false
      digits: 0123456789
      many: 123456789012345678901234567890
      exponent: 12e4
      quoted: '42'
      word: no   # not a boolean
      nothing: ''
      list: [1, "2", {a: b}]
    `
    expect(plain(parseYaml(text))).toEqual({
      number: 42,
      zero: 0,
      yes_it_is: true,
      no: false,
      digits: '0123456789',
      many: '123456789012345678901234567890',
      exponent: '12e4',
      quoted: '42',
      word: 'no',
      nothing: '',
      list: [1, '2', { a: 'b' }],
    })
  })

  test.each([
    ['a key twice', 'a: 1\na: 2'],
    ['an anchor', 'a: &x 1'],
    ['an anchor on a list', 'a: &x [1]'],
    ['an alias', 'a: &x 1\nb: *x'],
    ['a tag', 'a: !!int 1'],
    ['a tag of its own', 'a: !run "rm"'],
    ['a tag on a mapping', '!!map {a: 1}'],
    ['two documents', 'a: 1\n---\nb: 2'],
    ['a directive', '%YAML 1.1\n---\na: 1'],
    ['nothing', '# only a comment'],
    ['a mapping for a key', '? {a: 1}\n: 2'],
    ['a key without a value in a set', '{a, b}'],
    ['an open bracket', 'a: [1'],
    ['a tab for indentation', 'a:\n\t- 1'],
    ['too deep a nest', `a: ${'['.repeat(17)}${']'.repeat(17)}`],
    ['too many values', `[${'1,'.repeat(20_000)}]`],
  ])('with %s is refused', (_, text) => {
    expect(refusalOf(() => parseYaml(text)).code).toBe('YAML_MALFORMED')
  })
})

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
