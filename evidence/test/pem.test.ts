import { describe, expect, test } from 'vitest'
import { refusalOf } from '../../protocol/test/support/refusal.js'
import { fromBase64, pemBlocks, pemBlocksOnly } from '../src/pem.js'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const block = '-----BEGIN CERTIFICATE-----\nAQID\nBAUG\n-----END CERTIFICATE-----\n'

describe('PEM', () => {
  test('is read with commentary outside its blocks', () => {
    const found = pemBlocks(
      utf8(`subject: somebody\n${block}\nissuer - nobody\n${block.replaceAll('\n', '\r\n')}`),
    )
    expect(found).toEqual([1, 2].map(() => ({ label: 'CERTIFICATE', der: Uint8Array.of(1, 2, 3, 4, 5, 6) })))
    expect(pemBlocks(utf8('no PEM -----'))).toEqual([])
  })

  test('whose markers are damaged is refused, whichever bit it is', () => {
    const bytes = utf8(block + block)
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const at = bit >> 3
      const flipped = bytes.with(at, (bytes[at] ?? 0) ^ (1 << (bit & 7)))
      const read = () => JSON.stringify(pemBlocks(flipped))
      const isSame = (() => {
        try {
          return read() === JSON.stringify(pemBlocks(bytes))
        } catch {
          return false
        }
      })()
      expect([at, isSame]).toEqual([at, false])
    }
  })

  test('inside evidence has nothing outside its blocks', () => {
    expect(pemBlocksOnly(utf8(`${block}${block}\0`))).toHaveLength(2)
    for (const text of [`a\n${block}`, `${block}a`, `${block}\0\0`, `${block}\n${block} `])
      expect([text, refusalOf(() => pemBlocksOnly(utf8(text))).code]).toEqual([text, 'CERTIFICATE_MALFORMED'])
  })

  test.each(['AQI', 'AQJ=', 'A===', 'A', 'AQ ID', 'AQ=I', '%%%%'])('base64 like %s is refused', (text) => {
    expect(refusalOf(() => fromBase64(text)).code).toBe('CERTIFICATE_MALFORMED')
  })

  test('base64 of nothing is nothing', () => {
    expect(fromBase64('')).toEqual(new Uint8Array())
  })
})
