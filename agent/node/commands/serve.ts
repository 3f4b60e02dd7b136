import { type ListeningOptions, placeOf, readLimits } from '@vouch/host/http'
import { serverTerminal, type Terminal } from '@vouch/host/node'
import { AGENT_LIMITS, startAgent } from '../agent.js'
import { readConfiguration } from '../configuration-file.js'
import { endWhateverHangs } from '../ending.js'
import { logOn } from '../log.js'

export interface AgentServeOptions extends ListeningOptions {
  readonly config: string
  readonly json?: true
}

/** `tee-agent serve`: the HTTP interface and the announcement sockets, until it is told to end. */
export async function serveAgentCommand(terminal: Terminal, options: AgentServeOptions): Promise<number> {
  const out = await serverTerminal(terminal, options, 'json')
  const limits = await readLimits(options.limits, AGENT_LIMITS)
  const file = await readConfiguration(options.config)
  const agent = await startAgent(file, {
    ...(await placeOf(options, out)),
    limits,
    log: logOn(out),
  })
  const { url, metrics } = agent
  const told = ended() // before anybody knows that it is there to be told
  if (options.json) out.data(JSON.stringify({ url, metrics }))
  else for (const line of [url, ...(metrics === undefined ? [] : [metrics])]) out.data(`serving ${line}`)
  await told
  await agent.close()
  endWhateverHangs(out)
  return 0
}

function ended(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}
