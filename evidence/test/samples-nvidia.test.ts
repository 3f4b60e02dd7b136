import { authenticate, encodeSpdm, parseEvidence } from '@vouch/evidence'
import { toHex } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { exitFor, judge, openSample, samplesIn, time } from './support/samples.js'

// Messages of real GPUs and switches.

interface Fields {
  readonly devices: readonly {
    readonly nonce: string
    readonly slot: number
    readonly response_nonce: string
    readonly num_blocks: number
    readonly driver_version: string | null
    readonly vbios_version: string
    readonly fwid: string | null
    readonly measurements: Readonly<Record<string, string>>
  }[]
}

const NAMES = [
  'blackwell-575',
  'hopper-535',
  'hopper-570-fwid',
  'hopper-570-manifest-signer-on-hold',
  'hopper-multi-gpu',
  'hopper-trailing-byte',
  'ls10-switch',
  'neg-hopper-bad-signature',
  'neg-ls10-bad-signature',
]
const open = (name: string) => openSample<Fields>(`nvidia-gpu/${name}`)

test('these are all the samples there are', (context) => {
  needs.samples(context)
  expect(samplesIn('nvidia-gpu')).toEqual(NAMES)
})

describe.each(NAMES)('%s', (name) => {
  test('comes out as expected, at every time', async (context) => {
    needs.samples(context)
    const { given, expected, evaluations } = open(name)
    expect(await judge(given, time(expected.verification_time))).toBe(exitFor(expected.outcome))
    for (const { at, result } of evaluations)
      expect([at, await judge(given, time(at))]).toEqual([at, exitFor(result)])
  })

  test('is written again as it was read, and says what its collectors read', async (context) => {
    needs.samples(context)
    const { given, expected, fields } = open(name)
    const { evidence } = await parseEvidence(given)
    if (evidence.format !== 'nvidia') throw new Error('it must be of devices')
    const messages = given.filter((file) => file.name.endsWith('.bin')).map(({ bytes }) => bytes)
    expect(evidence.messages.map(encodeSpdm)).toEqual(messages)
    expect(
      evidence.messages.map((message) => ({
        nonce: toHex(message.nonce),
        slot: message.slot,
        response_nonce: toHex(message.responderNonce),
        measurements: Object.fromEntries(
          message.measurements.map((digest, i) => [`${i + 1}`, toHex(digest)]),
        ),
      })),
    ).toMatchObject(
      fields.devices.map(({ nonce, slot, response_nonce, measurements }) => ({
        nonce,
        slot,
        response_nonce,
        measurements,
      })),
    )
    const { authentic } = await authenticate(evidence, time(expected.verification_time))
    const devices = authentic?.claims.devices ?? []
    expect(devices.length).toBe(name.startsWith('neg-') ? 0 : fields.devices.length)
    for (const [i, { driver, vbios, fwid }] of devices.entries())
      expect({ driver: driver ?? null, vbios, fwid: fwid === undefined ? null : toHex(fwid) }).toEqual({
        driver: fields.devices[i]?.driver_version,
        vbios: fields.devices[i]?.vbios_version,
        fwid: fields.devices[i]?.fwid,
      })
  })
})

test('devices are told by their signatures, not by order or names of files', async (context) => {
  needs.samples(context)
  const { given, expected, fields } = open('hopper-multi-gpu')
  const files = given.toReversed().map(({ bytes }, i) => ({ name: `${i}`, bytes }))
  const { evidence } = await parseEvidence(files)
  const { authentic } = await authenticate(evidence, time(expected.verification_time))
  const measured = authentic?.claims.devices?.map(({ measurements }) =>
    toHex(measurements[0] ?? new Uint8Array()),
  )
  expect(measured).toEqual(fields.devices.map(({ measurements }) => measurements['1']).toReversed())
  expect(new Set(authentic?.claims.devices?.map(({ identity }) => toHex(identity))).size).toBe(4)
})
