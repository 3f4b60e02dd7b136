import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { peakOf } from './memory.js'
import { runWorker } from './worker.js'

// What a registrar costs. One folder is filled, and then opened, served, synced and admitted to by processes of their own. It
// is on the disk that TMPDIR names.

const run = promisify(execFile)
const REGISTRAR = fileURLToPath(new URL('../cli/bin/registrar.js', import.meta.url))
const BUCKET_LEAVES = 1024

export interface RegistryPlan {
  /** In the end: those of the whole admissions are in it, since a registry holds no more than 2^20. */
  readonly leaves: number
  /** How often the folder is opened, each time by a new process. */
  readonly launches: number
  /** Whole admissions: one after another, and all at once. */
  readonly alone: number
  readonly together: number
}

/** Milliseconds; bytes. */
export interface RegistryResults {
  readonly leaves: number
  readonly open: readonly number[]
  readonly openPeak: number | undefined
  /** Of `registrar serve`, once it has shown all its leaves. */
  readonly servePeak: number | undefined
  readonly sync: Synced
  /** The same client again, after the admissions. */
  readonly syncAgain: Synced
  readonly admissions: Admitted
}

/** A whole `registrar sync` over HTTP, on this machine. */
export interface Synced {
  readonly time: number
  readonly fetched: number
  readonly buckets: number
}

export type RegistryJob =
  | { readonly kind: 'fill'; readonly leaves: number }
  | { readonly kind: 'admit'; readonly folder: string; readonly alone: number; readonly together: number }

export interface Filled {
  readonly folder: string
  readonly key: string
}

export interface Admitted {
  readonly alone: readonly number[]
  /** What many at once took together. */
  readonly together: { readonly size: number; readonly time: number }
}

/** Fills a registry and measures it. The packages must be built. */
export async function measureRegistry(
  { leaves, launches, alone, together }: RegistryPlan,
  say: (line: string) => void,
): Promise<RegistryResults> {
  const scratch = await mkdtemp(join(tmpdir(), 'vouch-bench-'))
  const work = <Answer>(job: RegistryJob) =>
    runWorker<Answer>('registry-worker.ts', job, { env: { ...process.env, TMPDIR: scratch } })
  const admitted = 1 + alone + together // one is not counted
  const before = leaves - admitted
  try {
    say(`registry: fill it with ${before} leaves`)
    const { answer: filled } = await work<Filled>({ kind: 'fill', leaves: before })
    const { folder } = filled
    say(`registry: open it ${launches} times`)
    const opened = await openOften(filled, before, launches)
    say('registry: serve it, sync a client')
    const mirror = join(scratch, 'mirror')
    const served = await serving(folder, (url) => sync(url, mirror))
    say(`registry: prove and admit ${admitted} enrollments`)
    const { answer: admissions } = await work<Admitted>({ kind: 'admit', folder, alone, together })
    const again = await serving(folder, (url) => sync(url, mirror))
    assertByBuckets(served.result, again.result, before)
    return {
      leaves,
      ...opened,
      servePeak: served.peak,
      sync: served.result,
      syncAgain: again.result,
      admissions,
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function openOften(
  { folder, key }: Filled,
  leaves: number,
  launches: number,
): Promise<Pick<RegistryResults, 'open' | 'openPeak'>> {
  const open: number[] = []
  const peaks: number[] = []
  for (let i = 0; i < launches; i++) {
    const job = { folder, key }
    const { answer, peak } = await runWorker<{ time: number; leaves: number }>('opening-worker.mjs', job, {
      built: true,
    })
    if (answer.leaves !== leaves) throw new Error(`${answer.leaves} leaves were opened instead of ${leaves}`)
    open.push(answer.time)
    if (peak !== undefined) peaks.push(peak)
  }
  return { open, openPeak: peaks.length === 0 ? undefined : Math.max(...peaks) }
}

/** Runs `registrar serve` while somebody uses it; says how much memory it took. */
async function serving<Result>(
  folder: string,
  use: (url: string) => Promise<Result>,
): Promise<{ readonly result: Result; readonly peak: number | undefined }> {
  const line = [REGISTRAR, 'serve', folder, '--host', '127.0.0.1', '--port', '0', '--json']
  const server = spawn(process.execPath, line, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(server, 'exit')
  try {
    const [first] = await Promise.race([
      once(createInterface(server.stdout), 'line'),
      ended.then(([status]) => Promise.reject(new Error(`registrar serve ended with status ${status}`))),
    ])
    const result = await use((JSON.parse(String(first)) as { url: string }).url)
    return { result, peak: server.pid === undefined ? undefined : peakOf(server.pid) }
  } finally {
    server.kill()
    await ended
  }
}

async function sync(url: string, mirror: string): Promise<Synced> {
  const start = performance.now()
  const { stdout } = await run(process.execPath, [REGISTRAR, 'sync', url, '--to', mirror, '--json'])
  const time = performance.now() - start
  const { fetched, buckets } = JSON.parse(stdout) as { fetched: number; buckets: number }
  return { time, fetched, buckets }
}

/** A client that fetched too little was not measured at its work; one that fetched all again shows that buckets are worth nothing. */
function assertByBuckets(first: Synced, again: Synced, leaves: number): void {
  const all = Math.ceil(leaves / BUCKET_LEAVES)
  if (first.fetched === all && again.fetched > 0 && again.fetched <= 2) return
  throw new Error(
    `of ${all} buckets ${first.fetched} were fetched, and ${again.fetched} when one had changed`,
  )
}
