import { countOf, milliseconds, type RateFile, rate, rateOf, readYamlFile } from '@vouch/host/http'
import type { Json } from '@vouch/protocol'
import { type Codec, optional, record, version } from '@vouch/protocol/codec'
import type { ServiceLimits } from './limits.js'

/** An operator's limits of a service, as YAML says them. */
interface LimitsFile {
  readonly version: 1
  readonly askBytes?: number
  readonly connections?: number
  readonly perClient?: number
  readonly inHand?: number
  readonly asks?: RateFile
  readonly total?: RateFile
  readonly idleMs?: number
  readonly totalMs?: number
  readonly graceMs?: number
}

const codec: Codec<LimitsFile> = record<LimitsFile>({
  version: version(1),
  askBytes: optional(countOf(4 * 1024 * 1024)),
  connections: optional(countOf(100_000)),
  perClient: optional(countOf(100_000)),
  inHand: optional(countOf(10_000)),
  asks: optional(rate),
  total: optional(rate),
  idleMs: optional(milliseconds),
  totalMs: optional(milliseconds),
  graceMs: optional(milliseconds),
})

/** The limits that a file names; those that it leaves out keep their defaults. */
export const readServiceLimits = (path: string): Promise<Partial<ServiceLimits>> =>
  readYamlFile(path, serviceLimitsFrom)

export function serviceLimitsFrom(json: Json): Partial<ServiceLimits> {
  const { version: _, inHand, asks, total, ...same } = codec.fromJson(json, 'limits')
  return {
    ...same,
    ...(inHand === undefined ? {} : { concurrent: inHand }),
    ...(asks === undefined ? {} : { perAddress: rateOf(asks) }),
    ...(total === undefined ? {} : { total: rateOf(total) }),
  }
}
