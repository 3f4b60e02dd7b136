import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EvidenceFile, packEvidence, packName, parseEvidence } from '@vouch/evidence'
import { fetchPublished, PATIENCE } from '@vouch/evidence/node'
import { shown, VouchError } from '@vouch/protocol'
import { readNamedFile, type Terminal, writeWhole } from '@vouch/protocol/node'

// What is done with files of evidence besides judging them.

/** The files that a person named. */
export function readEvidence(paths: readonly string[]): Promise<readonly EvidenceFile[]> {
  return Promise.all(paths.map(async (path) => ({ name: path, bytes: await readNamedFile(path) })))
}

/** `bob evidence pack`: one file that holds evidence and all that it is judged by. Says what it is called by: its hash. */
export async function packCommand(
  out: Terminal,
  paths: readonly string[],
  { out: path, json }: { readonly out: string; readonly json?: true },
): Promise<number> {
  const files = await readEvidence(paths)
  const { ignored } = await parseEvidence(files)
  for (const name of ignored)
    out.words(`bob: warning: ${name} is nothing that is known here; it is packed with the rest`)
  // Where a file lay is nobody's business who gets the pack.
  const pack = packEvidence(files.map(({ name, bytes }) => ({ name: basename(name), bytes })))
  await writeWhole(path, pack)
  const name = packName(pack)
  out.data(json ? JSON.stringify({ name, out: path, files: files.length }) : name)
  return 0
}

export interface FetchOptions {
  readonly to?: string
  readonly mirror?: string
  readonly cache?: string
  readonly json?: true
}

/** `bob evidence fetch`: writes what vendors publish of a machine beside its evidence. All of it, or nothing. */
export async function fetchCommand(
  out: Terminal,
  paths: readonly string[],
  { to = dirname(paths[0] ?? '.'), mirror, cache, json }: FetchOptions,
): Promise<number> {
  if (mirror !== undefined && !/^https?:\/\/[^\s?#]+$/.test(mirror))
    throw new VouchError('USAGE', { rule: '--mirror must be a URL of http or https', given: shown(mirror) })
  const { evidence } = await parseEvidence(await readEvidence(paths))
  const fetched = await fetchPublished(evidence, {
    fetch,
    sleep: async (ms) => {
      out.words(`bob: asked to wait: ${Math.ceil(ms / 1000)} s`)
      await sleep(ms)
    },
    now: Date.now,
    patience: PATIENCE,
    mirror,
    cache,
  })
  if (fetched.length === 0) out.words('bob: the vendor publishes nothing that such evidence needs')
  await mkdir(to, { recursive: true })
  for (const { name, bytes } of fetched) await writeWhole(join(to, name), bytes)
  const written = fetched.map(({ name, from }) => ({ file: join(to, name), from }))
  if (json) out.data(JSON.stringify({ written }, null, 2))
  else for (const { file, from } of written) out.data(`${file} ← ${from}`)
  return 0
}
