import { parseArgs } from 'node:util'
import { MAX_TIME } from '@vouch/protocol'
import { fuzz, TIMEOUT } from '@vouch/protocol/testing/fuzz'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { usageWords } from '../node/terminal/program.js'
import { parseTime } from '../node/terminal/terminal.js'

describe('the words for a wrong command line', () => {
  it.each([
    ["unknown command 'chek'\n(Did you mean check?)", "no command 'chek'; did you mean 'check'?"],
    [
      "unknown option '--a'\n(Did you mean one of --at, --b?)",
      "no option '--a'; did you mean '--at' or '--b'?",
    ],
    ["unknown option '--zzz'", "no option '--zzz'"],
    ["missing required argument 'files'", 'the argument <files> is missing'],
    ["required option '--request <file>' not specified", 'the option --request <file> is missing'],
    ["option '--at <time>' argument missing", 'the option --at <time> has no value'],
    ["option '-a' cannot be used with option '-b'", 'the options -a and -b exclude each other'],
    ["too many arguments for 'show'. Expected 1 argument but got 2.", '2 arguments given where 1 can be'],
    ['too many arguments. Expected 0 arguments but got 1.', '1 arguments given where 0 can be'],
    ['something that no parser says today', 'something that no parser says today'],
  ])('%j', (message, words) => {
    expect(usageWords(message)).toBe(words)
  })

  it.each([
    [['--foo'], "no option '--foo'"],
    [['--key', '--tcp'], 'the option --key has no value'],
    [['--help=1'], 'the option --help takes no value'],
  ])('of what Node itself parses: %j', (args, words) => {
    const options = { key: { type: 'string' }, tcp: { type: 'string' }, help: { type: 'boolean' } } as const
    let message = ''
    try {
      parseArgs({ args, options })
    } catch (error) {
      message = (error as Error).message
    }
    expect(usageWords(message).replace(' <value>', '')).toBe(words)
  })

  it('fit a line, and hold nothing that a terminal obeys, whatever was typed', () => {
    const anything = fc.string({ unit: 'binary', maxLength: 2000 })
    const isFit = fc.property(anything, (typed) => {
      const words = usageWords(`unknown command '${typed}'`)
      return /^[\x20-\x7e…]*$/.test(words) && words.length < 400
    })
    fc.assert(isFit, { numRuns: 2_000 })
  })
})

describe('a time given by hand', () => {
  it.each([
    ['0', 0],
    ['1795243123', 1_795_243_123],
    ['2026-11-21', Date.UTC(2026, 10, 21) / 1000],
    ['2024-02-29T23:59Z', Date.UTC(2024, 1, 29, 23, 59) / 1000],
    ['2026-11-21T06:38:43Z', 1_795_243_123],
  ])('%s', (text, seconds) => {
    expect(parseTime(text)).toBe(seconds)
  })

  it.each([
    '2026-13-40',
    '2026-02-30',
    '2023-02-29',
    '2026-00-10',
    '2026-11-21T25:00:00Z',
    '2026-11-21T24:00:00Z',
    '2026-11-21T23:60Z',
    '2026-11-21T23:59:60Z',
    '2026-11-21T06:38:43',
    '-5',
    '1e3',
    '1.5',
    '',
    ' 1',
    '9999999999999',
  ])('is not %j', (text) => {
    expect(() => parseTime(text)).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })

  it('is a number, or a date as it is printed, or a usage error, whatever was typed', TIMEOUT, () => {
    const two = (max: number) => fc.nat({ max }).map((n) => String(n).padStart(2, '0'))
    const date = fc.tuple(
      fc.nat({ max: 9999 }),
      two(13),
      two(32),
      two(25),
      two(61),
      fc.constantFrom('', ':00', ':60'),
    )
    const times = fc.oneof(
      date.map(([y, m, d, h, min, s]) => `${String(y).padStart(4, '0')}-${m}-${d}T${h}:${min}${s}Z`),
      fc.nat().map(String),
      fc.string({ unit: fc.constantFrom(...'0123456789-:TZ. '), maxLength: 21 }),
    )
    const isRight = (seconds: number, text: string): boolean =>
      Number.isSafeInteger(seconds) &&
      seconds >= 0 &&
      seconds <= MAX_TIME &&
      (text.includes('-')
        ? new Date(seconds * 1000).toISOString().startsWith(text.replace(/Z$/, ''))
        : Number(text) === seconds)
    fuzz(times, parseTime, isRight)
  })
})
