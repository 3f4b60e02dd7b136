import { type EvidenceFile, packEvidence, packName, parseEvidence } from '@vouch/evidence'
import { type ErrorCode, toHex } from '@vouch/protocol'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import { describe, expect, test } from 'vitest'
import { looksLikePack, openPack, printPack } from '../src/read/pack.js'
import { attest, authenticated } from '../testing/simulated.js'

const inBytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const files = await attest()
const pack = printPack(files)
const open = (text: string): readonly EvidenceFile[] => openPack({ name: 'pack', bytes: inBytes(text) })

describe('an evidence pack', () => {
  test('holds what was packed, under names that say where it came from', () => {
    expect(looksLikePack(inBytes(pack))).toBe(true)
    const wanted = new Map(files.map(({ name, bytes }) => [`pack: ${name}`, bytes]))
    expect(new Map(open(pack).map(({ name, bytes }) => [name, bytes]))).toEqual(wanted)
  })

  test('is the same whoever packs, in whatever order, and what is given twice', () => {
    const [first] = files
    const copy = { name: 'zzz-copy.bin', bytes: first?.bytes ?? new Uint8Array() }
    for (const given of [files.toReversed(), [...files, ...files], [copy, ...files], [...files, copy]])
      expect(printPack(given)).toBe(pack)
    expect(packName(pack)).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(packName(printPack(files.slice(1)))).not.toBe(packName(pack))
  })

  test('is judged as the files in it are, alone or beside others, one level deep', async () => {
    const packed: EvidenceFile = { name: 'pack', bytes: inBytes(pack) }
    expect((await parseEvidence([packed])).ignored).toEqual([])
    expect((await authenticated([packed])).authentic?.claims).toEqual(
      (await authenticated(files)).authentic?.claims,
    )
    expect((await parseEvidence([packed, ...files])).ignored).toEqual([])
    expect(open(packEvidence([packed, ...files]))).toHaveLength(files.length)
    const nested = { name: 'nested', bytes: inBytes(printPack([packed])) }
    expect((await parseEvidence([...files, nested])).ignored).toEqual(['nested: pack'])
  })

  test('may hold two files of one name', () => {
    const twins = [1, 2].map((byte) => ({ name: 'a', bytes: Uint8Array.of(byte) }))
    expect(open(printPack(twins))).toHaveLength(2)
    expect(printPack(twins.toReversed())).toBe(printPack(twins))
  })

  test('has names that a terminal can show', () => {
    expect(open(printPack([{ name: 'é\x1b[2J', bytes: new Uint8Array() }]))[0]?.name).toBe('pack: ??[2J')
  })

  const report = toHex(files[0]?.bytes ?? new Uint8Array())
  test.each<[string, (text: string) => string, ErrorCode]>([
    ['a byte of a file changed', (text) => text.replace(report, `ff${report.slice(2)}`), 'VALUE_MALFORMED'],
    ['white space', (text) => text.replace('[', '[ '), 'NOT_CANONICAL'],
    [
      'another order of members',
      (text) => text.replace('{"evidence"', '{"version":1,"evidence"').replace(',"version":1}', '}'),
      'NOT_CANONICAL',
    ],
    ['another version', (text) => text.replace('"version":1', '"version":2'), 'VERSION_UNKNOWN'],
    ['another member', (text) => text.replace('"version"', '"extra":1,"version"'), 'MEMBER_UNKNOWN'],
    ['the end missing', (text) => text.slice(0, -9), 'JSON_MALFORMED'],
    ['nothing in it', () => '{"evidence":[],"version":1}', 'TOO_LARGE'],
  ])('with %s is refused', (_, change, code) => {
    expect(refusalOf(() => open(change(pack))).code).toBe(code)
  })

  test('with its files in another order is refused', () => {
    const entries = [...pack.matchAll(/\{"content"[^}]*\}/g)].map(([entry]) => entry)
    const other = `{"evidence":[${entries.toReversed().join()}],"version":1}`
    expect(refusalOf(() => open(other)).code).toBe('NOT_ASCENDING')
  })
})
