import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fuzz, RUNS, TIMEOUT } from '@vouch/protocol/testing/fuzz'
import { mutatedText } from '@vouch/protocol/testing/mutation'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseYaml } from '../node/files/yaml.js'
import { type CrowdLimits, type Limits, readLimits, readNodeLimits } from '../node/http/index.js'
import { nodeLimitsFrom } from '../node/http/limits-file.js'

const CROWD: CrowdLimits = {
  writes: { burst: 30, perSecond: 0.5 },
  reads: { burst: 1100, perSecond: 20 },
  concurrent: 32,
  connections: 512,
  perAddress: 32,
}
const DEFAULTS: Limits & { readonly peers: CrowdLimits } = {
  ...CROWD,
  headersMs: 5_000,
  requestMs: 20_000,
  responseMs: 30_000,
  checkMs: 1_000,
  peers: { ...CROWD, connections: 64 },
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-limits-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function fileOf(text: string): Promise<string> {
  const path = join(folder, 'limits.yaml')
  await writeFile(path, text)
  return path
}

const ALL = `# every member there is
version: 1
connections: 2048
per_client: 16
in_hand: 64
writes: { burst: 60, per_minute: 90 }
reads: { burst: 5000, per_minute: 3000 }
total: { burst: 500, per_minute: 6000 }
body_bytes: 262144
headers_ms: 3000
request_ms: 15000
answer_ms: 20000
`

const NODE = `${ALL}peers:
  addresses: [203.0.113.7, 2001:db8::7]
  in_hand: 5
  writes: { burst: 1, per_minute: 60 }
`

describe('a file of limits', () => {
  test('has them all, in whole numbers', async () => {
    expect(await readLimits(await fileOf(ALL), DEFAULTS)).toEqual({
      connections: 2048,
      perAddress: 16,
      concurrent: 64,
      writes: { burst: 60, perSecond: 1.5 },
      reads: { burst: 5000, perSecond: 50 },
      total: { burst: 500, perSecond: 100 },
      bodyBytes: 262144,
      headersMs: 3000,
      requestMs: 15000,
      responseMs: 20000,
      checkMs: 1_000,
      peers: DEFAULTS.peers,
    })
  })

  test('leaves the default of what it leaves out, and is itself left out', async () => {
    expect(await readLimits(await fileOf('version: 1\nper_client: 8'), DEFAULTS)).toEqual({
      ...DEFAULTS,
      perAddress: 8,
    })
    expect(await readLimits(undefined, DEFAULTS)).toEqual(DEFAULTS)
  })

  test('of a node has limits of its peers, and more of their addresses', async () => {
    const { limits, peerAddresses } = await readNodeLimits(await fileOf(NODE), DEFAULTS)
    expect(limits.peers).toEqual({
      ...DEFAULTS.peers,
      concurrent: 5,
      writes: { burst: 1, perSecond: 1 },
    })
    expect([...peerAddresses].sort()).toEqual(['2001:db8::7', '203.0.113.7'])
    expect(await readNodeLimits(undefined, DEFAULTS)).toEqual({ limits: DEFAULTS, peerAddresses: [] })
  })

  test.each([
    ['a member that there is not', 'version: 1\nper_adress: 3', 'MEMBER_UNKNOWN'],
    ['peers where there are none', 'version: 1\npeers: { in_hand: 3 }', 'MEMBER_UNKNOWN'],
    ['no version', 'per_client: 3', 'MEMBER_MISSING'],
    ['another version', 'version: 2', 'VERSION_UNKNOWN'],
    ['a rate without its half', 'version: 1\nwrites: { burst: 3 }', 'MEMBER_MISSING'],
    ['a rate a second', 'version: 1\nwrites: { burst: 3, per_second: 3 }', 'MEMBER_MISSING'],
    ['nothing at all a client may have', 'version: 1\nper_client: 0', 'VALUE_OUT_OF_RANGE'],
    ['a rate of nothing', 'version: 1\nwrites: { burst: 0, per_minute: 1 }', 'VALUE_OUT_OF_RANGE'],
    ['a time in which nothing comes', 'version: 1\nheaders_ms: 1', 'VALUE_OUT_OF_RANGE'],
    ['a time without end', 'version: 1\nrequest_ms: 600001', 'VALUE_OUT_OF_RANGE'],
    ['a fraction', 'version: 1\nper_client: 1.5', 'VALUE_MALFORMED'],
    ['a text', 'version: 1\nper_client: "3"', 'VALUE_MALFORMED'],
    ['a key twice', 'version: 1\nper_client: 3\nper_client: 4', 'YAML_MALFORMED'],
    ['no mapping', '- 1', 'VALUE_MALFORMED'],
    ['nothing', '', 'YAML_MALFORMED'],
  ])('that has %s is refused, by its path', async (_, text, code) => {
    const path = await fileOf(text)
    await expect(readLimits(path, DEFAULTS)).rejects.toMatchObject({
      code,
      rule: expect.stringContaining(path),
    })
  })

  test.each(['peer.example', '203.0.113.7:80', '203.0.113.0/24', '1.2.3', '""'])(
    'that names the address %s of a peer is refused',
    async (address) => {
      const path = await fileOf(`version: 1\npeers: { addresses: ["${address.replaceAll('"', '')}"] }`)
      await expect(readNodeLimits(path, DEFAULTS)).rejects.toMatchObject({ code: 'VALUE_MALFORMED' })
    },
  )

  test('that is not there is refused', async () => {
    await expect(readLimits(join(folder, 'nowhere'), DEFAULTS)).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    })
  })

  test('is read or refused, whatever is in it, and leaves no limit without a number', TIMEOUT, () => {
    const numbersIn = (limits: object): readonly number[] =>
      Object.values(limits).flatMap((value) => (typeof value === 'number' ? [value] : numbersIn(value)))
    fuzz(
      mutatedText([ALL, NODE]),
      (text) => nodeLimitsFrom(parseYaml(text), DEFAULTS),
      ({ limits }) => numbersIn(limits).every((number) => number > 0 && number < Number.POSITIVE_INFINITY),
      RUNS / 10,
    )
  })
})
