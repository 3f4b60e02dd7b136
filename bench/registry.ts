import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { median } from './results.js'

// `node --conditions=vouch:source --import tsx bench/registry.ts`: what a stored registry costs. It fills one, then measures
// it in a process of its own, so that the memory is that of opening alone. The folder is on the disk that TMPDIR names.

/** Milliseconds; bytes. */
export interface RegistryResults {
  readonly leaves: number
  readonly open: readonly number[]
  readonly openPeak: number
  readonly admit: readonly number[]
  readonly batchSeconds: number
  readonly batchSize: number
}

export type RegistryJob =
  | { readonly kind: 'fill'; readonly folder: string; readonly leaves: number }
  | { readonly kind: 'open'; readonly folder: string }
  | { readonly kind: 'admit'; readonly folder: string; readonly leaves: number }

const WORKER = fileURLToPath(new URL('registry-worker.ts', import.meta.url))
const MB = 1e6

export async function measureRegistry(leaves: number, launches: number): Promise<RegistryResults> {
  const scratch = await mkdtemp(join(tmpdir(), 'vouch-bench-'))
  try {
    const folder = join(scratch, 'registry')
    await run({ kind: 'fill', folder, leaves })
    const opened: { time: number; peak: number }[] = []
    for (let i = 0; i < launches; i++) opened.push(await run({ kind: 'open', folder }))
    const admitted = await run<Pick<RegistryResults, 'admit' | 'batchSeconds' | 'batchSize'>>({
      kind: 'admit',
      folder,
      leaves,
    })
    const open = opened.map(({ time }) => time)
    return { leaves, open, openPeak: Math.max(...opened.map(({ peak }) => peak)), ...admitted }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** One row for each promise, as `budgets.ts` has them. */
export function registryRows(results: RegistryResults): readonly {
  readonly name: string
  readonly value: number | undefined
  readonly limit: number
  readonly unit: string
}[] {
  const { leaves, open, openPeak, admit, batchSeconds, batchSize } = results
  const of = `of ${leaves} leaves`
  return [
    { name: `opening a registry ${of}`, value: median(open), limit: 1000, unit: 'ms' },
    { name: `peak memory of opening one ${of}`, value: openPeak / MB, limit: 300, unit: 'MB' },
    { name: 'one durable insertion', value: median(admit), limit: 40, unit: 'ms' },
    { name: 'an insertion in batches', value: (1000 * batchSeconds) / batchSize, limit: 10, unit: 'ms' },
  ]
}

function run<Answer>(job: RegistryJob): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const worker = fork(WORKER, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    let answer: { readonly value: Answer } | undefined
    worker.once('message', (message) => {
      answer = message as { readonly value: Answer }
    })
    worker.once('error', reject)
    worker.once('exit', (status) =>
      answer === undefined
        ? reject(new Error(`a measuring process ended with status ${status}`))
        : resolve(answer.value),
    )
    worker.send(job)
  })
}

async function main(): Promise<void> {
  const options = { leaves: { type: 'string', default: String(2 ** 20) }, json: { type: 'boolean' } } as const
  const { leaves, json } = parseArgs({ options }).values
  process.stderr.write(`bench: fill a registry of ${leaves} leaves: some minutes for a million\n`)
  const results = await measureRegistry(Number(leaves), 5)
  if (json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
  else for (const row of registryRows(results)) process.stdout.write(`${line(row)}\n`)
}

function line({ name, value, limit, unit }: ReturnType<typeof registryRows>[number]): string {
  return `${name}: ${value?.toFixed(2)} ${unit}, limit ${limit}`
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await main()
