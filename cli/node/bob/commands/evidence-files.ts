import { mkdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type EvidenceFile,
  looksLikePack,
  packEvidence,
  packName,
  parseEvidence,
  renewed,
} from '@vouch/evidence'
import { type Fetched, fetchPublished, PATIENCE } from '@vouch/evidence/node'
import { readAll, readNamedFile, type Terminal, writeWhole } from '@vouch/host/node'
import { equalBytes, shown, VouchError } from '@vouch/protocol'

// What is done with files of evidence besides judging them.

/** The files that a person named. */
export function readEvidence(paths: readonly string[]): Promise<readonly EvidenceFile[]> {
  return readAll(paths.map(async (path) => ({ name: path, bytes: await readNamedFile(path) })))
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
    out.words(
      `bob: warning: ${name} is nothing known here, or a revocation list whose issuer is not among these files; it is packed with the rest`,
    )
  // Where a file lay is nobody's business who gets the pack.
  const pack = packEvidence(files.map(({ name, bytes }) => ({ name: basename(name), bytes })))
  await writeWhole(path, pack)
  const name = packName(pack)
  out.data(json ? JSON.stringify({ name, out: path, files: files.length }) : name)
  return 0
}

export interface FetchEvidenceOptions {
  readonly to?: string
  readonly out?: string
  readonly replace?: true
  readonly mirror?: string
  readonly cache?: string
  readonly json?: true
}

/**
 * `bob evidence fetch`: writes what vendors publish of a machine, all of it or nothing: beside its evidence, or with it into one
 * pack, in the place of what it renews. A pack that is given is completed where it lies.
 */
export async function fetchCommand(
  out: Terminal,
  paths: readonly string[],
  options: FetchEvidenceOptions,
): Promise<number> {
  assertSound(options)
  const files = await readEvidence(paths)
  const fetched = await fetchFor(out, files, options)
  if (fetched.length === 0) out.words('bob: the vendor publishes nothing that such evidence needs')
  const [first, ...others] = files
  const isPack = first !== undefined && others.length === 0 && looksLikePack(first.bytes)
  const pack = options.out ?? (isPack && options.to === undefined ? first.name : undefined)
  const folder = options.to ?? dirname(first?.name ?? '.')
  const result =
    pack === undefined
      ? { written: await writeBeside(folder, fetched, options.replace ?? false) }
      : await writeCompleted(pack, files, fetched)
  if (options.json) out.data(JSON.stringify(result, null, 2))
  else {
    for (const { file, from } of result.written) out.data(`${file} ← ${from}`)
    if ('name' in result) out.data(result.name)
  }
  return 0
}

function assertSound({ mirror, to, out }: FetchEvidenceOptions): void {
  if (mirror !== undefined && !/^https?:\/\/[^\s?#]+$/.test(mirror))
    throw new VouchError('USAGE', { rule: '--mirror must be a URL of http or https', given: shown(mirror) })
  if (to !== undefined && out !== undefined)
    throw new VouchError('USAGE', { rule: '--to is for files, --out for one file: give one of them' })
}

async function fetchFor(
  out: Terminal,
  files: readonly EvidenceFile[],
  { mirror, cache }: FetchEvidenceOptions,
): Promise<readonly Fetched[]> {
  const { evidence } = await parseEvidence(files)
  return fetchPublished(evidence, {
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
}

/** Writes what was fetched as files of its own. What is there already may be somebody's only copy. */
async function writeBeside(folder: string, fetched: readonly Fetched[], isReplacing: boolean) {
  const written = fetched.map(({ name, from }) => ({ file: join(folder, name), from }))
  for (const [i, { file }] of written.entries()) {
    const there = await readFile(file).catch(() => undefined)
    if (isReplacing || there === undefined || equalBytes(there, fetched[i]?.bytes ?? there)) continue
    throw new VouchError('FILE_NOT_WRITTEN', {
      rule: 'a file that is there already, and says something else, must not be written over',
      given: shown(file),
      hint: '--replace does; --to names another folder, --out one file for everything',
    })
  }
  await mkdir(folder, { recursive: true })
  for (const { name, bytes } of fetched) await writeWhole(join(folder, name), bytes)
  return written
}

/** Writes evidence and what was fetched for it as one pack. */
async function writeCompleted(path: string, files: readonly EvidenceFile[], fetched: readonly Fetched[]) {
  const complete = renewed(files, fetched)
  const pack = packEvidence(complete.map(({ name, bytes }) => ({ name: basename(name), bytes })))
  await writeWhole(path, pack)
  const written = fetched.map(({ name, from }) => ({ file: name, from }))
  return { name: packName(pack), out: path, files: complete.length, written }
}
