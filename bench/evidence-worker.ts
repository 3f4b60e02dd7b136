import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Collateral, verify } from '@phala/dcap-qvl'
import { authenticate, type EvidenceFile, inspect, parseEvidence } from '@vouch/evidence'
import type { EvidenceJob, EvidenceSamples, Subject } from './evidence.js'

// One launch: every subject is judged again and again, from bytes to verdict, and nothing is kept in between.

interface Sample {
  readonly folder: string
  /** All that is needed, and no more. */
  readonly files: readonly string[]
  readonly at: string
}

const SAMPLES = {
  tdx: { folder: 'tdx/v4-uptodate-b0c06f', files: ['quote.bin', 'collateral.json'], at: '2025-06-29' },
  snp: {
    folder: 'snp/genoa-v3-host-data',
    files: ['report.bin', 'vcek.pem', 'ask.pem', 'ark.pem'],
    at: '2026-02-20',
  },
  nitro: { folder: 'nitro/prod-2022', files: ['attestation_doc.cbor'], at: '2022-10-13T09:00:00Z' },
} as const satisfies Readonly<Record<string, Sample>>

process.once('message', async (message) => {
  process.send?.(await work(message as EvidenceJob))
})

// The answer has arrived, or whoever waited for it is gone.
process.once('disconnect', () => process.exit())

async function work({ samples, rounds, judgements }: EvidenceJob): Promise<EvidenceSamples> {
  const subjects: Readonly<Record<Subject, () => Promise<void>>> = {
    tdx: await ours(samples, SAMPLES.tdx),
    'tdx by dcap-qvl': await theirs(samples, SAMPLES.tdx),
    snp: await ours(samples, SAMPLES.snp),
    nitro: await ours(samples, SAMPLES.nitro),
  }
  const found = Object.entries(subjects).map(([name, judge]) => ({ name, judge, times: [] as number[] }))
  // One round more than asked for: the first, in which everything is compiled, does not count.
  for (let round = 0; round <= rounds; round++) {
    for (const { judge, times } of found) {
      const before = process.cpuUsage()
      for (let i = 0; i < judgements; i++) await judge()
      const { user, system } = process.cpuUsage(before)
      if (round > 0) times.push((user + system) / 1000 / judgements)
    }
  }
  return Object.fromEntries(found.map(({ name, times }) => [name, times])) as Record<Subject, number[]>
}

/** What `bob evidence` does. */
async function ours(samples: string, { folder, files, at }: Sample): Promise<() => Promise<void>> {
  const given: readonly EvidenceFile[] = await Promise.all(
    files.map(async (name) => ({ name, bytes: new Uint8Array(await readFile(join(samples, folder, name))) })),
  )
  const time = Date.parse(at) / 1000
  return async () => {
    const { evidence } = await parseEvidence(given)
    const { authentic, failures } = await authenticate(evidence, time)
    const speaking = authentic === undefined ? failures : inspect(authentic).failures
    if (speaking.length > 0)
      throw new Error(`${folder} was refused with ${speaking.map(({ code }) => code).join(', ')}`)
  }
}

async function theirs(samples: string, { folder, at }: Sample): Promise<() => Promise<void>> {
  const quote = await readFile(join(samples, folder, 'quote.bin'))
  const text = await readFile(join(samples, folder, 'collateral.json'), 'utf8')
  const time = Date.parse(at) / 1000
  return async () => {
    const { status } = verify(quote, JSON.parse(text) as Collateral, time)
    if (status !== 'UpToDate') throw new Error(`dcap-qvl finds ${folder} ${status}`)
  }
}
