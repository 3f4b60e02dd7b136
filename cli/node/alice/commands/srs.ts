import { join } from 'node:path'
import { CIRCUITS, type CircuitName } from '@vouch/circuits'
import { readReference } from '@vouch/circuits/node'
import { numberArgument, type Terminal, table } from '@vouch/host/node'
import { chunkFolder } from '@vouch/prover/node'

export interface SrsCommandOptions {
  readonly points?: string
  readonly chunks?: string
  readonly download?: true
  readonly json?: true
}

const MOST_POINTS = 2 ** 21

/** `alice srs`: hashes the reference string that is here, and says what fits it; with --points, a longer one too. */
export async function srsCommand(
  out: Terminal,
  home: string,
  { points, chunks = join(home, 'srs'), download, json }: SrsCommandOptions,
): Promise<number> {
  const embedded = await readReference()
  const circuits = (Object.keys(CIRCUITS) as CircuitName[]).map((name) => ({
    name,
    extent: CIRCUITS[name].extent,
    fits: CIRCUITS[name].extent <= embedded.count,
  }))
  const extended = points === undefined ? undefined : await longer(points)
  if (json) {
    out.data(JSON.stringify({ embedded: embedded.count, circuits, extended: extended?.count }))
    return 0
  }
  out.data(
    table([
      ['embedded', `${embedded.count} points`, 'SHA-256 as pinned'],
      ...circuits.map(({ name, extent, fits }) => [name, `${extent} points`, fits ? 'fits' : 'needs more']),
      ...(extended === undefined
        ? []
        : [['longer', `${extended.count} points`, `SHA-256 as pinned, in ${chunks}`]]),
    ]),
  )
  return 0

  async function longer(text: string) {
    const extent = numberArgument(text, '--points', { min: 1, max: MOST_POINTS })
    if (download) out.words('alice: chunks that are not there yet are downloaded, 4 MiB each')
    return readReference(extent, { store: chunkFolder(chunks), ...(download ? { fetch } : {}) })
  }
}
