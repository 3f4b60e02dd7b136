import { readManifest } from '@vouch/circuits/node'
import { type Terminal, table } from '@vouch/host/node'

/** `bob circuits`: what is pinned here, and how much room each circuit has left. */
export async function circuitsCommand(out: Terminal, json: boolean): Promise<number> {
  const { circuits } = await readManifest()
  const rows = circuits.map(({ name, gates, extent, budget, vkHash }) => ({
    name,
    gates,
    extent,
    budget,
    vkHash,
  }))
  if (json) {
    out.data(JSON.stringify(rows, null, 2))
    return 0
  }
  const heading = ['circuit', 'gates', 'of', 'extent', 'of', 'key (SHA-256)']
  const cells = rows.map(({ name, gates, extent, budget, vkHash }) =>
    [name, gates, budget.gates, extent, budget.extent, vkHash].map(String),
  )
  out.data(table([heading, ...cells]))
  return 0
}
