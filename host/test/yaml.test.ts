import { plain } from '@vouch/protocol'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import { describe, expect, test } from 'vitest'
import { parseYaml } from '../node/files/yaml.js'

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
