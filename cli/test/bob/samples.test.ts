import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exitOf, openSample, samplesIn, withChange } from '@vouch/evidence/testing/samples'
import { expect, test } from 'vitest'
import { needs } from '../../../test/support/needs.js'
import { bobOffline } from '../../testing/bob.js'

// Evidence of every real machine that there is, through the command line with the network cut, all files of a sample at once.

const TEES = ['azure-vtpm', 'composite', 'nitro', 'nvidia-gpu', 'sgx', 'snp', 'tdx', 'tpm']
const VERDICTS = ['accepted', 'usage', 'false', 'refused', 'undecided']
const SLOW = { timeout: 600_000 }

const samples = (): string => process.env.VOUCH_SAMPLES ?? '/nowhere'

/** The exit status, once the JSON says the same. Evidence without dates is judged now. */
async function exitAt(files: readonly string[], at: string | undefined): Promise<number> {
  const time = at === undefined || at === 'any' ? [] : ['--at', at]
  const { exit, stdout } = await bobOffline('evidence', ...files, ...time, '--json')
  const report = JSON.parse(stdout) as { exit: number; verdict: string }
  expect([report.exit, report.verdict]).toEqual([exit, VERDICTS[exit]])
  return exit
}

test('these are all the samples there are', async (context) => {
  needs.samples(context)
  const entries = await readdir(samples(), { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  expect(folders.sort()).toEqual(TEES)
})

test.for(TEES)(
  'every sample of %s comes out as its collectors say, at every time',
  SLOW,
  async (tee, context) => {
    needs.samples(context)
    needs.unshare(context)
    for (const name of samplesIn(tee)) {
      const folder = `${tee}/${name}`
      const sample = openSample(folder)
      const { expected, evaluations } = sample
      const files = (await readdir(join(samples(), folder)))
        .filter((file) => file !== 'case.json')
        .map((file) => join(samples(), folder, file))
      const times = new Map(evaluations.map(({ at, result }) => [at, result]))
      for (const [at, result] of times.set(expected.verification_time ?? 'any', expected.outcome))
        expect([name, at, await exitAt(files, at)]).toEqual([name, at, exitOf(folder, sample, result)])
    }
  },
)

test.for(TEES)('a sample of %s with a byte changed is refused', SLOW, async (tee, context) => {
  needs.samples(context)
  needs.unshare(context)
  const [name] = samplesIn(tee).filter((candidate) => openSample(`${tee}/${candidate}`).derived_negatives[0])
  // No collector changed anything of GPUs and of TPMs that stand alone: their samples have negatives of their own, if any.
  expect(name === undefined).toBe(tee === 'nvidia-gpu' || tee === 'tpm')
  if (name === undefined) return
  const sample = openSample(`${tee}/${name}`)
  const folder = await mkdtemp(join(tmpdir(), 'vouch-samples-'))
  try {
    const [change] = sample.derived_negatives
    const changed = change === undefined ? [] : withChange(sample, change)
    const files = changed.map(({ name }) => join(folder, name))
    for (const { name, bytes } of changed) await writeFile(join(folder, name), bytes)
    expect([name, await exitAt(files, sample.expected.verification_time)]).toEqual([name, 2])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
