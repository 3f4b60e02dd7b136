import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, jsonObject, parseJson, plain, textOf } from '../src/index.js'
import { expectRefusal } from '../testing/refusal.js'

/** JSON that Vouch reads: integers only. */
const { value: json } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('value')),
    fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', '10', '9')),
      tie('value'),
    ),
  ),
}))

describe('JSON', () => {
  it('is read as JSON.parse reads it, where both read it', () => {
    fc.assert(
      fc.property(json, fc.constantFrom('', ' ', '\n\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        expect(JSON.stringify(plain(parseJson(text)))).toBe(JSON.stringify(JSON.parse(text)))
      }),
    )
  })

  it('has one canonical text, which is read as the same value', () => {
    fc.assert(
      fc.property(json, (value) => {
        const canonical = canonicalJson(parseJson(JSON.stringify(value, null, 1)))
        expect(canonicalJson(parseJson(canonical))).toBe(canonical)
        expect(canonical.length).toBe(JSON.stringify(value).length)
      }),
    )
  })

  it('keeps no member name for itself', () => {
    const read = plain(parseJson('{"__proto__":{"admin":true},"constructor":1}')) as {
      readonly admin?: unknown
    }
    expect(read.admin).toBeUndefined()
    expect(Object.keys(read)).toEqual(['__proto__', 'constructor'])
  })

  it('nests 16 levels deep and no deeper', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    expect(parseJson(nested(16))).toHaveLength(1)
    expectRefusal(() => parseJson(nested(17)), 'JSON_MALFORMED', 'JSON may nest 16 levels deep')
  })

  it('holds 16,384 values and no more, so that small text makes no large objects', () => {
    const list = (values: number) => `[${Array.from({ length: values - 1 }, () => '{}').join()}]`
    expect(parseJson(list(16_384))).toHaveLength(16_383)
    expectRefusal(() => parseJson(list(16_385)), 'JSON_MALFORMED', 'JSON may hold 16384 values')
  })

  it.each<[string, string]>([
    ['', 'a JSON value was expected'],
    ['1.5', 'a number must be an integer below 2^53, written plainly'],
    ['{}x', 'nothing may follow the JSON value'],
    ['{1:2}', 'a member must have a name'],
    ['{"a"}', 'a colon must follow a member name'],
    ['{"a":1', 'an object must end with a brace'],
    ['[1', 'an array must end with a bracket'],
    ['"a', 'a string must end with a quote'],
    ['"\\q"', 'a string must hold valid escapes only'],
    ['"\\ud800"', 'a string must be well-formed Unicode'],
    ['nil', 'a JSON value was expected'],
  ])('%j is refused: %s', (text, rule) => {
    expectRefusal(() => parseJson(text), 'JSON_MALFORMED', rule)
  })

  it('is text in UTF-8', () => {
    expect(textOf(new TextEncoder().encode('"€"'))).toBe('"€"')
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
      expectRefusal(() => textOf(Uint8Array.from(bytes)), 'JSON_MALFORMED', 'a file must be UTF-8 text')
    }
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 0.1, 2 ** 53, '\ud800', '\udc00\ud800'])(
    'has no canonical text for %j, which no reader would take back',
    (value) => {
      const rule = 'canonical JSON must hold integers below 2^53 and well-formed Unicode'
      expectRefusal(() => canonicalJson(value), 'VALUE_MALFORMED', rule)
      expectRefusal(() => canonicalJson(jsonObject({ list: [value] })), 'VALUE_MALFORMED', rule)
    },
  )
})
