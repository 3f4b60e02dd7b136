import { type ObservingOptions, observedOf, originsArgument, readLimits, urlAt } from '@vouch/host/http'
import { serverTerminal, type Terminal } from '@vouch/host/node'
import { shown, VouchError } from '@vouch/protocol'
import { AGENT_LIMITS, startAgent } from '../agent.js'
import { readConfiguration } from '../configuration-file.js'
import { endWhateverHangs } from '../ending.js'
import { logOn } from '../log.js'

export interface AgentServeOptions extends ObservingOptions {
  readonly config: string
  readonly host: string
  readonly port: string
  readonly limits?: string
  readonly allowOrigin?: readonly string[]
  readonly json?: true
}

/** `tee-agent serve`: the HTTP interface and the announcement sockets, until it is told to end. */
export async function serveAgentCommand(terminal: Terminal, options: AgentServeOptions): Promise<number> {
  const out = await serverTerminal(terminal, options, 'json')
  const port = portArgument(options.port)
  const origins = originsArgument(options.allowOrigin)
  const limits = await readLimits(options.limits, AGENT_LIMITS)
  const file = await readConfiguration(options.config)
  const agent = await startAgent(file, {
    host: options.host,
    port,
    origins,
    limits,
    ...(await observedOf(options, out)),
    log: logOn(out),
  })
  const url = urlAt(agent.address)
  const metrics = agent.metricsAddress && `${urlAt(agent.metricsAddress)}/metrics`
  const told = ended() // before anybody knows that it is there to be told
  if (options.json) out.data(JSON.stringify({ url, metrics }))
  else for (const line of [url, ...(metrics === undefined ? [] : [metrics])]) out.data(`serving ${line}`)
  await told
  await agent.close()
  endWhateverHangs(out)
  return 0
}

function portArgument(text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new VouchError('USAGE', { rule: '--port must be 0 to 65535', given: shown(text) })
}

function ended(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}
