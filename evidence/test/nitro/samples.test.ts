import { authenticate, encodeDocument, encodePayload, parseEvidence } from '@vouch/evidence'
import { toHex } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { needs } from '../../../test/support/needs.js'
import { judge, openSample, SAMPLES, time } from '../../testing/samples.js'

// Documents of real enclaves, judged at every time that their collectors judged them at.

interface Fields {
  readonly module_id: string
  readonly timestamp_ms: number
  readonly pcrs?: Readonly<Record<string, string>>
  readonly pcr0?: string
  readonly pcr1?: string
  readonly pcr2?: string
  readonly debug_mode?: boolean
  readonly user_data?: string | null
  readonly nonce?: string | null
  readonly public_key?: string | null
  readonly payload_map?: 'indefinite'
}

const NAMES = SAMPLES.nitro
/** Documents as AWS writes them since 2025. */
const OF_TODAY = NAMES.filter((name) => name.endsWith('-indefinite-map'))
const open = (name: string) => openSample<Fields>(`nitro/${name}`)

describe.each(NAMES)('%s', (name) => {
  test('is written again as it was read, and says what its collectors read', async (context) => {
    needs.samples(context)
    const { given, expected, fields } = open(name)
    const { evidence } = await parseEvidence(given)
    if (evidence.format !== 'nitro') throw new Error('it must be a document')
    expect([encodeDocument(evidence.signed)]).toEqual(
      given.filter((file) => file.name === 'attestation_doc.cbor').map(({ bytes }) => bytes),
    )
    const { document, payload } = evidence.signed
    expect(encodePayload(document)).toEqual(payload)
    expect(document.indefinite).toEqual(fields.payload_map === undefined ? undefined : ['payload'])
    const { authentic } = await authenticate(evidence, time(expected.verification_time))
    if (authentic?.claims.kind !== 'aws-nitro') return
    const { claims } = authentic
    const hex = (bytes: Uint8Array | undefined) => (bytes === undefined ? null : toHex(bytes))
    const pcrs = Object.fromEntries(
      Object.entries(claims.pcrs).map(([pcr, value]) => [pcr.slice(3), toHex(value)]),
    )
    const read: Readonly<Record<string, unknown>> = {
      module_id: claims.moduleId,
      timestamp_ms: claims.timestamp,
      debug_mode: claims.debug,
      user_data: hex(claims.userData),
      nonce: hex(claims.nonce),
      public_key: hex(claims.publicKey),
      pcr0: pcrs[0],
      pcr1: pcrs[1],
      pcr2: pcrs[2],
      pcrs,
    }
    const said = Object.entries(fields).filter(([field]) => field in read)
    expect(said.length).toBeGreaterThan(4)
    expect(read).toMatchObject(Object.fromEntries(said))
  })
})

test.for(OF_TODAY)(
  '%s is refused with a bit of its payload changed, and with none of its end',
  async (name, context) => {
    needs.samples(context)
    const sample = open(name)
    const at = time(sample.expected.verification_time)
    const { evidence } = await parseEvidence(sample.given)
    if (evidence.format !== 'nitro') throw new Error('it must be a document')
    const { signed } = evidence
    for (let bit = 0; bit < 8 * signed.payload.length; bit += 211) {
      const byte = signed.payload[bit >> 3] ?? 0
      const bytes = encodeDocument({
        ...signed,
        payload: signed.payload.with(bit >> 3, byte ^ (1 << (bit & 7))),
      })
      expect([bit, [2, 4]]).toEqual([bit, expect.arrayContaining([await judge([{ name, bytes }], at)])])
    }
    const unended = encodeDocument({ ...signed, payload: signed.payload.subarray(0, -1) })
    expect(await judge([{ name, bytes: unended }], at)).toBe(4)
  },
)
