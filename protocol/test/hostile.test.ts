import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { envelopeBytes, someEnvelope } from '../../fixtures/statements/messages.js'
import { concat, decodeEnvelope, decodeRequest, encodeRequest, fromInteger } from '../src/index.js'
import { refusalOf } from '../testing/refusal.js'
import { HOSTILE_FILES } from './support/hostile.js'
import { request } from './support/samples.js'

/** All the memory of the process that reads: the readers' own, the compiler's and the largest file's. */
const HEAP_MB = 64
/** Milliseconds on an idle machine; the limit only tells a reader that hangs from one that waits for the machine. */
const HANG_MS = 5_000

describe('the largest and worst of files', () => {
  const child = fileURLToPath(new URL('support/hostile-child.ts', import.meta.url))
  const limits = [`--max-old-space-size=${HEAP_MB}`, '--max-semi-space-size=4', '--stack-size=500']
  const loader = ['--conditions=vouch:source', '--import', 'tsx']
  const { status, stdout, stderr } = spawnSync(process.execPath, [...limits, ...loader, child], {
    encoding: 'utf8',
  })
  const rows = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { name: string; reader: string; code: string; ms: number })

  it(`are all answered within ${HEAP_MB} MB`, () => {
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(rows).toHaveLength(12 * Object.keys(HOSTILE_FILES).length)
  })

  it('are refused, but for plain JSON that is merely long', () => {
    const read = rows.filter(({ code }) => code === 'read').map(({ name, reader }) => `${reader}: ${name}`)
    expect(read).toEqual(
      [
        'white space inside',
        'a long string',
        'backslashes',
        'escaped controls',
        'a long name',
        'a long version',
        'long hexadecimal',
        'what is no hexadecimal',
        'a long envelope',
      ].map((name) => `parseJson: ${name}`),
    )
  })

  it('make no reader hang', () => {
    expect(rows.filter(({ ms }) => ms > HANG_MS)).toEqual([])
  })
})

describe('declared lengths', () => {
  const buffers = (work: () => void): number => {
    const before = process.memoryUsage().arrayBuffers
    work()
    return process.memoryUsage().arrayBuffers - before
  }

  it('of gibibytes allocate nothing', () => {
    const envelope = envelopeBytes(someEnvelope)
    const claiming = [18, 54, 66, 102].map((at) =>
      concat(envelope.subarray(0, at), fromInteger(0xffff_ffff, 4), envelope.subarray(at + 4)),
    )
    const grown = buffers(() => {
      for (const bytes of claiming) expect(refusalOf(() => decodeEnvelope(bytes)).code).toBe('TOO_LARGE')
    })
    expect(grown).toBeLessThan(1_000_000)
  })

  it('within the limits allocate no more than there is', () => {
    const envelope = envelopeBytes(someEnvelope)
    const claiming = concat(envelope.subarray(0, 102), fromInteger(1_048_576, 4), envelope.subarray(106))
    const grown = buffers(() => expect(refusalOf(() => decodeEnvelope(claiming)).code).toBe('TRUNCATED'))
    expect(grown).toBeLessThan(500_000)
  })

  it('of lists end where the bytes do', () => {
    const bytes = encodeRequest(request)
    const claiming = concat(bytes.subarray(0, 282), fromInteger(256, 2), bytes.subarray(284))
    expect(refusalOf(() => decodeRequest(claiming)).code).toBe('TRUNCATED')
  })
})
