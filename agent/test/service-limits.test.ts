import { expect, test } from 'vitest'
import { parseYaml } from '../../protocol/node/yaml.js'
import { fuzz, RUNS, TIMEOUT } from '../../protocol/test/support/fuzz.js'
import { mutatedText } from '../../protocol/test/support/mutation.js'
import { DEFAULT_LIMITS, serverLimits } from '../service/limits.js'
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

test('a file of a service’s limits is read or refused, whatever is in it', TIMEOUT, () => {
  fuzz(
    mutatedText([ALL]),
    (text) => serverLimits({ ...DEFAULT_LIMITS, ...serviceLimitsFrom(parseYaml(text)) }),
    ({ connections, perAddress, concurrent, headersMs, writes }) =>
      [connections, perAddress, concurrent, headersMs, writes.burst, writes.perSecond].every((n) => n > 0),
    RUNS / 10,
  )
})
