import { VouchError } from '@vouch/protocol'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import { describe, expect, test } from 'vitest'
import { fromBase64, pemBlocks, pemBlocksOnly } from '../../src/core/pem.js'

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

  test('may have no line end between two blocks', () => {
    const adjacent = block.trimEnd() + block.trimEnd() + block
    expect(pemBlocks(utf8(adjacent))).toEqual(pemBlocks(utf8(block.repeat(3))))
    expect(pemBlocksOnly(utf8(adjacent))).toHaveLength(3)
    const others = adjacent.replaceAll('CERTIFICATE', 'X509 CRL')
    expect(pemBlocks(utf8(others)).map(({ label }) => label)).toEqual(new Array(3).fill('X509 CRL'))
  })

  test.each([
    ['a dash less', (text: string) => text.replace('----------', '---------')],
    ['a dash more', (text: string) => text.replace('----------', '-----------')],
    ['something between', (text: string) => text.replace('----------', '-----x-----')],
    ['a blank between', (text: string) => text.replace('----------', '----- -----')],
    ['an end of something else', (text: string) => text.replace('END CERTIFICATE-----', 'END X509 CRL-----')],
    ['an end that follows on the data', (text: string) => text.replace('\n-----END', '-----END')],
    [
      'a beginning that the data follows on',
      (text: string) => text.replace('CERTIFICATE-----\n', 'CERTIFICATE-----'),
    ],
  ])('of blocks without a line end between them is refused with %s', (_, change) => {
    const adjacent = change(block.trimEnd() + block)
    expect(refusalOf(() => pemBlocks(utf8(adjacent))).code).toBe('CERTIFICATE_MALFORMED')
    expect(refusalOf(() => pemBlocksOnly(utf8(adjacent))).code).toBe('CERTIFICATE_MALFORMED')
  })

  test('without a line end between blocks is refused with any one bit flipped', () => {
    const bytes = utf8(block.trimEnd() + block)
    const good = JSON.stringify(pemBlocks(bytes))
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const damaged = bytes.with(bit >> 3, (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7)))
      let read: string | undefined
      try {
        read = JSON.stringify(pemBlocks(damaged))
      } catch (error) {
        if (!(error instanceof VouchError)) throw error
      }
      expect([bit, read === good]).toEqual([bit, false])
    }
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
