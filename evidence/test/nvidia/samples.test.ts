import { authenticate, encodeQuote, encodeSpdm, parseEvidence } from '@vouch/evidence'
import { toHex } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { needs } from '../../../test/support/needs.js'
import { exitOf, failuresOf, judge, openSample, SAMPLES, time, withChange } from '../../testing/samples.js'

// Messages of real GPUs and switches, alone and in a machine.

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

const NAMES = SAMPLES['nvidia-gpu']
const open = (name: string) => openSample<Fields>(`nvidia-gpu/${name}`)

describe.each(NAMES)('%s', (name) => {
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

/** A real machine with a GPU in it. */
const MACHINE = 'composite/secretvm-tdx-and-h100'

describe(MACHINE, () => {
  // Its collectors say "valid", and know of no TCB info.
  test('cannot be decided without TCB info, at any time', async (context) => {
    needs.samples(context)
    const sample = openSample(MACHINE)
    const { given, expected, evaluations } = sample
    const times = [expected.verification_time, ...evaluations.map(({ at }) => at)]
    for (const at of times) {
      const failures = await failuresOf(given, time(at))
      expect(failures.map(({ code, rule }) => [code, rule])).toEqual([
        ['COLLATERAL_MISSING', 'the TCB info TDX must come with the quote'],
      ])
      expect(await judge(given, time(at))).toBe(exitOf(MACHINE, sample, expected.outcome))
    }
  })

  test('is false when a bit of its GPU’s evidence is flipped', async (context) => {
    needs.samples(context)
    const sample = openSample(MACHINE)
    const message = sample.given.find(({ name }) => name === 'evidence.bin')
    if (message === undefined) throw new Error('there must be a message')
    for (let bit = 0; bit < 8 * message.bytes.length; bit += 997) {
      const change = { file: message.name, offset: bit >> 3, xor: (1 << (bit & 7)).toString(16) }
      const failures = await failuresOf(withChange(sample, change), time(sample.expected.verification_time))
      // What does not parse any more cannot be decided; what does, is not what was signed.
      expect([bit, failures.some(({ code }) => code !== 'COLLATERAL_MISSING')]).toEqual([bit, true])
    }
  })

  test('is written again as it was read', async (context) => {
    needs.samples(context)
    const { given } = openSample(MACHINE)
    const { evidence, ignored } = await parseEvidence(given)
    if (evidence.format !== 'composite' || evidence.machine.format !== 'dcap')
      throw new Error('it must be a quote with devices')
    const bytesOf = (name: string) => given.find((file) => file.name === name)?.bytes
    expect(encodeQuote(evidence.machine.quote)).toEqual(bytesOf('quote.bin'))
    expect(evidence.devices.messages.map(encodeSpdm)).toEqual([bytesOf('evidence.bin')])
    expect(ignored).toEqual(['driver_rim_550.144.03.xml'])
  })
})
