import { authenticate, encodeDocument, parseEvidence } from '@vouch/evidence'
import { toHex } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { exitFor, failuresOf, judge, openSample, samplesIn, time, withChange } from './support/samples.js'

// Documents of real enclaves, judged at every time that their collectors judged them at.

interface Fields {
  readonly module_id: string
  readonly timestamp_ms: number
  readonly pcrs: Readonly<Record<string, string>>
  readonly debug_mode: boolean
  readonly user_data: string | null
  readonly nonce: string | null
  readonly public_key: string | null
}

const NAMES = [
  'debug-2022',
  'debug-2023-pubkey-nonce',
  'neg-bad-signature',
  'prod-2021-rsa-pubkey',
  'prod-2022',
  'prod-2022-nonce-userdata',
]
const open = (name: string) => openSample<Fields>(`nitro/${name}`)

test('these are all the samples there are', (context) => {
  needs.samples(context)
  expect(samplesIn('nitro')).toEqual(NAMES)
})

describe.each(NAMES)('%s', (name) => {
  test('comes out as expected, at every time', async (context) => {
    needs.samples(context)
    const { given, expected, evaluations } = open(name)
    expect(await judge(given, time(expected.verification_time))).toBe(exitFor(expected.outcome))
    for (const { at, result } of evaluations)
      expect([at, await judge(given, time(at))]).toEqual([at, exitFor(result)])
  })

  test('is false with a byte changed, for what that byte breaks', async (context) => {
    needs.samples(context)
    const sample = open(name)
    const { expected, derived_negatives } = sample
    expect(derived_negatives.length > 0).toBe(!name.startsWith('neg-'))
    for (const change of derived_negatives) {
      const failures = await failuresOf(withChange(sample, change), time(expected.verification_time))
      expect(failures.map(({ code }) => code)).toEqual(['EVIDENCE_SIGNATURE_FALSE'])
    }
  })

  test('is written again as it was read, and says what its collectors read', async (context) => {
    needs.samples(context)
    const { given, expected, fields } = open(name)
    const { evidence } = await parseEvidence(given)
    if (evidence.format !== 'nitro') throw new Error('it must be a document')
    expect([encodeDocument(evidence.signed)]).toEqual(
      given.filter((file) => file.name === 'attestation_doc.cbor').map(({ bytes }) => bytes),
    )
    const { authentic } = await authenticate(evidence, time(expected.verification_time))
    if (authentic?.claims.kind !== 'aws-nitro') return
    const { claims } = authentic
    const hex = (bytes: Uint8Array | undefined) => (bytes === undefined ? null : toHex(bytes))
    expect({
      module_id: claims.moduleId,
      timestamp_ms: claims.timestamp,
      debug_mode: claims.debug,
      user_data: hex(claims.userData),
      nonce: hex(claims.nonce),
      public_key: hex(claims.publicKey),
      pcrs: Object.fromEntries(
        Object.entries(claims.pcrs).map(([pcr, value]) => [pcr.slice(3), toHex(value)]),
      ),
    }).toMatchObject({
      module_id: fields.module_id,
      timestamp_ms: fields.timestamp_ms,
      debug_mode: fields.debug_mode,
      user_data: fields.user_data,
      nonce: fields.nonce,
      public_key: fields.public_key,
      pcrs: fields.pcrs,
    })
  })
})
