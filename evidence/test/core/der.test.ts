import { type EvidenceFile, parseCertificate, parseEvidence } from '@vouch/evidence'
import { concat, fromHex, toHex } from '@vouch/protocol'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import { describe, expect, test } from 'vitest'
import { parseDer } from '../../src/core/der/der.js'
import { Fields, oidText, smallInteger, timeOf } from '../../src/core/der/fields.js'
import { bitString, integer, oid, sequence, time, value } from '../../src/core/der/write.js'
import { extensionsIn } from '../../src/x509/certificate.js'
import { parseRevocationList } from '../../src/x509/revocation.js'
import { lastPlaceOf, pemText, placeOf } from '../../testing/bytes.js'
import { attest, NOW, vendor } from '../../testing/simulated.js'

const read = (hex: string) => parseDer(fromHex(hex), 'value')
const ascii = (text: string): string => toHex(new TextEncoder().encode(text))

describe('DER', () => {
  test.each([
    ['a sequence', '3003020105'],
    ['an empty sequence', '3000'],
    ['a set in order', '3106020101020102'],
    ['a negative integer', '0201ff'],
    ['an integer with a needed zero', '02020080'],
    ['a length of one byte', `0481${'80'}${'00'.repeat(128)}`],
    ['a bit string without bits', '030100'],
    ['a bit string with unused bits', '030206c0'],
    ['an identifier', '0603551d0f'],
    ['true', '0101ff'],
  ])('%s is read', (_, hex) => {
    expect(toHex(read(hex).raw)).toBe(hex)
  })

  test.each([
    ['nothing', ''],
    ['an indefinite length', '3080020105' + '0000'],
    ['a length that could be shorter', '308103020105'],
    ['a length with a leading zero', `04820080${'00'.repeat(128)}`],
    ['a length of five bytes', '30850000000000'],
    ['a length cut short', '3082'],
    ['a value that ends outside', '3004020105'],
    ['an inner value that ends outside', '3003020205'],
    ['an integer with a needless zero', '02020005'],
    ['an integer with a needless ff', '0202ff80'],
    ['an empty integer', '0200'],
    ['a boolean of 1', '010101'],
    ['a long boolean', '0102ffff'],
    ['a null with content', '050100'],
    ['unused bits that are set', '030206c1'],
    ['eight unused bits', '03020800'],
    ['unused bits of nothing', '030101'],
    ['a bit string without its first byte', '0300'],
    ['an identifier with a padded number', '060455801d0f'],
    ['an identifier cut short', '060255' + '9d'],
    ['an empty identifier', '0600'],
    ['a constructed octet string', '2403040100'],
    ['a constructed bit string', '230403020000'],
    ['a set out of order', '3106020102020101'],
    ['a high tag', '1f810100'],
    ['a real number', '090100'],
    ['a primitive sequence', '1000'],
    ['text that is no UTF-8', '0c01ff'],
    ['printable text that is no ASCII', '130180'],
    ['a time without seconds', `170b${ascii('2501010000Z')}`],
    ['a time with an offset', `1711${ascii('250101000000+0100')}`],
    ['a time with fractions', `1811${ascii('20250101000000.5Z')}`],
    [
      'too deep a nest',
      Array.from({ length: 26 }, (_, i) => `30${(2 * (25 - i)).toString(16).padStart(2, '0')}`).join(''),
    ],
  ])('%s is refused', (_, hex) => {
    expect(refusalOf(() => read(hex)).code).toBe('DER_MALFORMED')
  })

  test('trailing bytes are refused', () => {
    expect(refusalOf(() => read('300000')).code).toBe('TRAILING_BYTES')
  })

  test('so many values that they would fill memory are refused', () => {
    const nulls = (count: number) => `3083${(2 * count).toString(16).padStart(6, '0')}${'0500'.repeat(count)}`
    expect(read(nulls(49_999)).parts).toHaveLength(49_999)
    expect(refusalOf(() => read(nulls(50_000))).code).toBe('DER_MALFORMED')
  })

  test('a nest just deep enough is read', () => {
    const hex = Array.from(
      { length: 25 },
      (_, i) => `30${(2 * (24 - i)).toString(16).padStart(2, '0')}`,
    ).join('')
    expect(read(hex).tag).toBe(0x30)
  })

  test('identifiers, numbers and times mean what they say', () => {
    expect(oidText(read('060a2b060104019c78010308'))).toBe('1.3.6.1.4.1.3704.1.3.8')
    expect(oidText(read('0603883703'))).toBe('2.999.3')
    expect(smallInteger(read('020200d9'), 'n')).toBe(217)
    expect(refusalOf(() => smallInteger(read('0201ff'), 'n')).code).toBe('DER_MALFORMED')
    const time = (tag: number, text: string) =>
      timeOf(read(tag.toString(16) + text.length.toString(16).padStart(2, '0') + ascii(text)), 'time')
    expect(time(0x17, '491231235959Z')).toBe(Date.UTC(2049, 11, 31, 23, 59, 59) / 1000)
    expect(time(0x17, '500101000000Z')).toBe(Date.UTC(1950, 0, 1) / 1000)
    expect(time(0x18, '99991231235959Z')).toBe(Date.UTC(9999, 11, 31, 23, 59, 59) / 1000)
    for (const none of ['250631000000Z', '251301000000Z', '250101240000Z', '250101006000Z'])
      expect(refusalOf(() => time(0x17, none)).code).toBe('DER_MALFORMED')
  })

  test('parts are read in order, each once, and none is left', () => {
    const fields = new Fields(read('3006020101020102'), 'pair')
    expect(refusalOf(() => fields.take(0x04, 'text')).code).toBe('DER_MALFORMED')
    fields.take(0x02, 'first')
    expect(refusalOf(() => fields.end()).code).toBe('DER_MALFORMED')
    fields.take(0x02, 'second')
    fields.end()
  })
})

describe('certificates', () => {
  test('whose algorithm differs outside what is signed are refused', async () => {
    const [, vcek] = (await attest()) as readonly EvidenceFile[]
    const bytes = vcek?.bytes ?? new Uint8Array()
    const salt = lastPlaceOf(fromHex('a203020130'), bytes) + 4
    const { code, rule } = refusalOf(() => parseCertificate(bytes.with(salt, 0x20)))
    expect([code, rule]).toEqual(['DER_MALFORMED', 'the signature algorithm must be the one that is signed'])
  })

  test('of another version are refused', async () => {
    const [, vcek] = await attest()
    const bytes = vcek?.bytes ?? new Uint8Array()
    const version = placeOf(fromHex('a003020102'), bytes) + 4
    expect(refusalOf(() => parseCertificate(bytes.with(version, 1))).rule).toBe(
      'a certificate must have version 3',
    )
  })

  test('have each extension once, and spell out no default', () => {
    const extension = (...critical: Uint8Array[]) => sequence(oid('1.2.3'), ...critical, value(0x04))
    const found = (...extensions: Uint8Array[]) =>
      extensionsIn(parseDer(sequence(...extensions), 'extensions'))
    expect(found(extension(value(0x01, Uint8Array.of(0xff)))).get('1.2.3')?.critical).toBe(true)
    expect(found(extension()).get('1.2.3')?.critical).toBe(false)
    expect(refusalOf(() => found(extension(value(0x01, Uint8Array.of(0))))).code).toBe('DER_MALFORMED')
    expect(refusalOf(() => found(extension(), extension())).code).toBe('DER_MALFORMED')
  })

  test('have a serial number of at most 20 bytes', async () => {
    const [, vcek] = await attest()
    const { der, tbs, serial } = parseCertificate(vcek?.bytes ?? new Uint8Array())
    const { parts } = parseDer(der, 'certificate')
    const [version, , ...rest] = parts[0]?.parts ?? []
    const withSerial = (digits: Uint8Array): Uint8Array => {
      const content = [version?.raw ?? tbs, value(0x02, digits), ...rest.map(({ raw }) => raw)]
      return sequence(sequence(...content), ...parts.slice(1).map(({ raw }) => raw))
    }
    expect(parseCertificate(withSerial(serial)).serial).toEqual(serial)
    // Intel's have 160 bits, which a zero keeps from being negative; AMD's are zero.
    const longest = concat(Uint8Array.of(0), new Uint8Array(20).fill(0xff))
    for (const good of [longest, Uint8Array.of(0), new Uint8Array(20).fill(0x80)])
      expect(parseCertificate(withSerial(good)).serial).toEqual(good)
    for (const long of [
      new Uint8Array(21).fill(0x7f),
      concat(Uint8Array.of(0), new Uint8Array(21).fill(0xff)),
    ])
      expect(refusalOf(() => parseCertificate(withSerial(long))).code).toBe('DER_MALFORMED')
  })

  test('larger than any vendor’s are not looked at', () => {
    expect(refusalOf(() => parseCertificate(new Uint8Array(16_385))).code).toBe('TOO_LARGE')
  })
})

describe('revocation lists', () => {
  const NUMBER = '2.5.29.20'
  const algorithm = sequence(oid('1.2.840.113549.1.1.10'))
  const signed = (...content: Uint8Array[]) =>
    sequence(sequence(...content), algorithm, bitString(new Uint8Array()))
  const list = (version: number, ...extensions: Uint8Array[]) => {
    const content = [integer(version), algorithm, sequence(), time(0), time(1)]
    return signed(...content, value(0xa0, sequence(...extensions)))
  }
  /** A list that revokes one certificate, and says more about that. */
  const revoking = (...extensions: Uint8Array[]) => {
    const entry = sequence(integer(7), time(0), sequence(...extensions))
    return signed(integer(1), algorithm, sequence(), time(0), time(1), sequence(entry))
  }
  const critical = (id: string) => sequence(oid(id), value(0x01, Uint8Array.of(0xff)), value(0x04))
  const plain = (id: string) => sequence(oid(id), value(0x04))

  test('of version 2 are read', () => {
    expect(parseRevocationList(list(1, plain(NUMBER)))).toMatchObject({ thisUpdate: 0, nextUpdate: 1 })
    expect(parseRevocationList(revoking(plain('2.5.29.21'))).revoked).toEqual([Uint8Array.of(7)])
    expect(refusalOf(() => parseRevocationList(list(0, plain(NUMBER)))).code).toBe('DER_MALFORMED')
  })

  test('have no critical extension, not even those that each list has', () => {
    for (const bytes of [
      list(1, critical(NUMBER)),
      list(1, critical('2.5.29.35')),
      revoking(critical('2.5.29.21')),
    ])
      expect(refusalOf(() => parseRevocationList(bytes)).code).toBe('ALGORITHM_UNKNOWN')
  })

  test.each([
    ['a part of their issuer’s certificates', '2.5.29.28'],
    ['what changed since another', '2.5.29.27'],
  ])('that speak only of %s are not understood, whether they mark that critical or not', (_, id) => {
    for (const extension of [critical(id), plain(id)])
      expect(refusalOf(() => parseRevocationList(list(1, extension))).code).toBe('ALGORITHM_UNKNOWN')
  })

  test('that revoke another issuer’s certificates are not understood', () => {
    for (const extension of [critical('2.5.29.29'), plain('2.5.29.29')])
      expect(refusalOf(() => parseRevocationList(revoking(extension))).code).toBe('ALGORITHM_UNKNOWN')
  })
})

describe('files', () => {
  const file = (name: string, bytes: Uint8Array): EvidenceFile => ({ name, bytes })
  const code = (files: readonly EvidenceFile[]): Promise<unknown> =>
    parseEvidence(files).then(
      ({ ignored }) => ignored,
      (error: { code?: string }) => error.code,
    )

  test('come in any order, PEM or DER, several certificates to a file', async () => {
    const [report, vcek, intermediate, root] = await attest()
    if (!report || !vcek || !intermediate || !root) throw new Error('four files')
    const chain = file('chain.pem', concat(pemText(intermediate.bytes), pemText(root.bytes)))
    const { evidence } = await parseEvidence([chain, vcek, report])
    expect(evidence).toMatchObject({ format: 'snp', certificates: { length: 3 } })
  })

  test('that are nothing known here are named and change nothing', async () => {
    const files = [
      ...(await attest()),
      file('notes.txt', new TextEncoder().encode('hello')),
      file('empty', new Uint8Array()),
    ]
    expect(await code(files)).toEqual(['notes.txt', 'empty'])
  })

  test('without evidence among them are refused', async () => {
    expect(await code([])).toBe('EVIDENCE_MISSING')
    expect(await code((await attest()).slice(1))).toBe('EVIDENCE_MISSING')
  })

  test('with two reports are refused, with one report twice are not', async () => {
    const [first, second] = [await attest(), await attest()]
    expect(await code([...first, ...first.slice(0, 1)])).toEqual([])
    expect(await code([...first, ...second.slice(0, 1)])).toBe('EVIDENCE_AMBIGUOUS')
  })

  test('too many of them are not looked at', async () => {
    expect(await code(Array.from({ length: 65 }, () => file('x', new Uint8Array())))).toBe('TOO_LARGE')
    const [, vcek] = await attest()
    const many = concat(...new Array(65).fill(pemText(vcek?.bytes ?? new Uint8Array())))
    expect(await code([...(await attest()), file('many.pem', many)])).toBe('TOO_LARGE')
  })

  test('that are meant as certificates and are none are refused, not passed over', async () => {
    const files = await attest()
    const vcek = files[1]?.bytes ?? new Uint8Array()
    const text = new TextDecoder().decode(pemText(vcek))
    const spoiled = (change: (text: string) => string) =>
      file('spoiled.pem', new TextEncoder().encode(change(text)))
    expect(await code([...files, spoiled((t) => t.replace(/-----END/, 'A-----END'))])).toBe(
      'CERTIFICATE_MALFORMED',
    )
    // Base64 of one byte, with bits set behind it: a second spelling of the same byte.
    const loose = '-----BEGIN CERTIFICATE-----\nQR==\n-----END CERTIFICATE-----\n'
    expect(await code([...files, file('loose.pem', new TextEncoder().encode(loose))])).toBe(
      'CERTIFICATE_MALFORMED',
    )
    expect(await code([...files, file('short.der', vcek.subarray(0, 700))])).toBe('DER_MALFORMED')
  })

  test('with something behind a certificate are refused, be it in PEM or zeros', async () => {
    const [report, ...chain] = await attest()
    if (!report) throw new Error('there must be a report')
    const last = chain.length - 1
    const longer = (...tail: number[]) =>
      chain.map(({ name, bytes }, i) => file(name, i === last ? Uint8Array.of(...bytes, ...tail) : bytes))
    expect(await code([report, ...longer(0)])).toBe('EVIDENCE_TRAILING')
    expect(await code([report, ...longer(1)])).toBe('EVIDENCE_TRAILING')
    const inPem = longer(0).map(({ name, bytes }) => file(name, pemText(bytes)))
    expect(await code([report, ...inPem])).toBe('EVIDENCE_TRAILING')
    // The same certificate as it should be, beside it, takes nothing of this back.
    expect(await code([report, ...chain, ...longer(0)])).toBe('EVIDENCE_TRAILING')
  })

  test('that are meant as certificates or lists are so with any one bit of their first bytes flipped', async () => {
    const files = await attest()
    const lists = [await vendor.revoke('root', { thisUpdate: NOW - 1, nextUpdate: NOW + 1, revoked: [] })]
    for (const { bytes } of [...files.slice(1), ...lists]) {
      for (let bit = 0; bit < 8 * 24; bit++) {
        const damaged = file('damaged.der', bytes.with(bit >> 3, (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))))
        expect([bit, await code([...files, ...lists, damaged])]).not.toEqual([bit, ['damaged.der']])
      }
    }
  })

  test.each<[string, string]>([
    ['a request for a certificate', '3082012e3081d8020100300d310b3009'],
    ['PKCS #7', '3082012e06092a864886f70d010702a0'],
    ['a private key', '308187020100301306072a8648ce3d02'],
    ['a private RSA key', '308204bd020100300d06092a864886f7'],
    ['an answer of OCSP', '3082012e0a0100a08201283082012406'],
    ['a picture', '89504e470d0a1a0a0000000d49484452'],
  ])('that are something else are none, %s for one', async (_, hex) => {
    const bytes = concat(fromHex(hex), new Uint8Array(300).fill(0xe5))
    expect(await code([...(await attest()), file('other', bytes)])).toEqual(['other'])
  })
})
