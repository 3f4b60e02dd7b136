import { limitsFrom } from '@vouch/host/http'
import { parseYaml } from '@vouch/host/yaml'
import { fuzz, RUNS, TIMEOUT } from '@vouch/protocol/testing/fuzz'
import { mutatedText } from '@vouch/protocol/testing/mutation'
import { expect, test } from 'vitest'
import { yamlBlocks } from '../../test/support/markdown.js'
import { readInRepository } from '../../test/support/repository.js'
import { AGENT_LIMITS } from '../node/agent.js'
import { SERVICE_LIMITS, serverLimits } from '../service/limits.js'
import { serviceLimitsFrom } from '../service/limits-file.js'

const ALL = `version: 1
ask_bytes: 4096
connections: 100
per_client: 10
in_hand: 20
asks: { burst: 5, per_minute: 120 }
total: { burst: 50, per_minute: 1200 }
idle_ms: 1000
total_ms: 2000
grace_ms: 3000
`

test('a file of a service’s limits has them all', () => {
  expect(serviceLimitsFrom(parseYaml(ALL))).toEqual({
    askBytes: 4096,
    connections: 100,
    perClient: 10,
    concurrent: 20,
    perAddress: { burst: 5, perSecond: 2 },
    total: { burst: 50, perSecond: 20 },
    idleMs: 1000,
    totalMs: 2000,
    graceMs: 3000,
  })
})

test('a file of a service’s limits is read or refused, with any content', TIMEOUT, () => {
  fuzz(
    mutatedText([ALL]),
    (text) => serverLimits({ ...SERVICE_LIMITS, ...serviceLimitsFrom(parseYaml(text)) }),
    ({ connections, perAddress, concurrent, headersMs, writes }) =>
      [connections, perAddress, concurrent, headersMs, writes.burst, writes.perSecond].every((n) => n > 0),
    RUNS / 10,
  )
})

const documented = (page: string): string =>
  yamlBlocks(readInRepository(page)).find((block) => block.includes('per_client')) ?? ''

test('docs/services.md has the defaults of every limit', () => {
  const limits = serviceLimitsFrom(parseYaml(documented('docs/services.md')))
  expect(Object.keys(limits).sort()).toEqual(Object.keys(SERVICE_LIMITS).sort())
  expect(serverLimits({ ...SERVICE_LIMITS, ...limits })).toEqual(serverLimits(SERVICE_LIMITS))
  expect([limits.askBytes, limits.graceMs]).toEqual([SERVICE_LIMITS.askBytes, SERVICE_LIMITS.graceMs])
})

test('docs/agent.md has the defaults of every limit', () => {
  const rate = { burst: 0, perSecond: 0 }
  const crowd = { writes: rate, reads: rate, concurrent: 0, connections: 0, perAddress: 0 }
  const none = { ...crowd, headersMs: 0, requestMs: 0, responseMs: 0, checkMs: AGENT_LIMITS.checkMs }
  expect(limitsFrom(parseYaml(documented('docs/agent.md')), none)).toEqual(AGENT_LIMITS)
})
