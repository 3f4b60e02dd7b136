import { MAX_FILE_BYTES } from '../../src/index.js'

const SIZE = MAX_FILE_BYTES
/** As many of a piece as fit between a start and an end in the largest file. */
const filled = (start: string, piece: string, end: string): string =>
  start + piece.repeat(Math.floor((SIZE - start.length - end.length) / piece.length)) + end
const members = Array.from({ length: 380_000 }, (_, i) => `"${i.toString(36)}":0`)

/** Files of the largest size, each of which costs a careless reader time, memory or its stack. */
export const HOSTILE_FILES: Readonly<Record<string, () => string>> = {
  'white space': () => filled('', ' ', ''),
  'white space inside': () => filled('{', ' ', '}'),
  'an open string': () => filled('"', 'a', ''),
  'a long string': () => filled('"', 'a', '"'),
  backslashes: () => filled('"', '\\\\', '"'),
  'backslashes that escape the end': () => filled('"\\', '\\\\', '"'),
  'escaped quotes': () => filled('"', '\\"', ''),
  quotes: () => filled('', '"', ''),
  'escaped controls': () => filled('"', '\\u0000', '"'),
  digits: () => filled('', '9', ''),
  'minus signs': () => filled('', '-', ''),
  'open arrays': () => filled('', '[', ''),
  'open objects': () => filled('', '{"a":', ''),
  numbers: () => filled('[', '0,', '0]'),
  'empty arrays': () => filled('[', '[],', '[]]'),
  'empty objects': () => filled('[', '{},', '{}]'),
  'nested objects': () => filled('[', '{"a":{}},', '{}]'),
  'a member twice, many times': () => filled('{', '"a":0,', '"a":0}'),
  'many members': () => `{${members.join(',')}}`,
  'a long name': () => filled('{"version":1,"', 'x', '":1}'),
  'a long version': () => filled('{"version":"', '\\u0001', '"}'),
  'a list for a version': () => filled('{"version":[', '0,', '0]}'),
  'long hexadecimal': () => filled('{"version":1,"verifier_id":"', 'ab', '"}'),
  'what is no hexadecimal': () => filled('{"version":1,"circuit":"', 'z', '"}'),
  'a long envelope': () =>
    filled(
      `{"version":1,"circuit":"${'ab'.repeat(32)}","request":"${'00'.repeat(32)}","envelope":"`,
      'ab',
      '"}',
    ),
}
