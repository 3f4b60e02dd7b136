import { AGENT_METRICS } from '@vouch/agent/node'
import { SERVICE_METRICS } from '@vouch/agent/service'
import { HTTP_METRICS, LIVENESS_METRICS, type Metric } from '@vouch/host/http'
import { REGISTRAR_METRICS } from '@vouch/registry/node'

type Table = Readonly<Record<string, Metric<string>>>

/** What each program declares. */
export const DECLARED = {
  registrar: [HTTP_METRICS, LIVENESS_METRICS, REGISTRAR_METRICS],
  'trust node': [HTTP_METRICS, LIVENESS_METRICS, REGISTRAR_METRICS],
  agent: [HTTP_METRICS, LIVENESS_METRICS, AGENT_METRICS],
  service: [HTTP_METRICS, LIVENESS_METRICS, SERVICE_METRICS],
} as const satisfies Readonly<Record<string, readonly Table[]>>

/** Every metric of tables. */
export const metricsIn = (tables: readonly Table[]): readonly Metric<string>[] =>
  tables.flatMap(Object.values)

/** The name of every metric that a program of this project shows. */
export const declaredNames: ReadonlySet<string> = new Set(
  metricsIn(Object.values(DECLARED).flat()).map(({ name }) => name),
)
