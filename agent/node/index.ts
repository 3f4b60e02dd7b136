// The public names of this package under Node, besides those of `@vouch/agent`.

export type { AgentOptions, RunningAgent } from './agent.js'
export { AGENT_LIMITS, startAgent } from './agent.js'
export { AGENT_METRICS } from './agent-metrics.js'
export type { ConfigurationFile } from './configuration-file.js'
export { readConfiguration } from './configuration-file.js'
export type { Log, LogEvent } from './log.js'
export { logOn } from './log.js'
export type { Measured } from './measure.js'
export { measure } from './measure.js'
export { hashClosure } from './store/hash-store.js'
