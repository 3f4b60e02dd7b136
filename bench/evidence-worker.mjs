import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { verify } from '@phala/dcap-qvl'
import { authenticate, inspect, parseEvidence } from '@vouch/evidence'

// One launch, out of the build: every subject is judged again and again, from bytes to verdict, and nothing is kept in between.

/**
 * @typedef {object} Sample
 * @property {string} folder
 * @property {readonly string[]} files All that is needed, and no more.
 * @property {string} at
 */

const SAMPLES = {
  tdx: { folder: 'tdx/v4-uptodate-b0c06f', files: ['quote.bin', 'collateral.json'], at: '2025-06-29' },
  snp: {
    folder: 'snp/genoa-v3-host-data',
    files: ['report.bin', 'vcek.pem', 'ask.pem', 'ark.pem'],
    at: '2026-02-20',
  },
  nitro: { folder: 'nitro/prod-2022', files: ['attestation_doc.cbor'], at: '2022-10-13T09:00:00Z' },
}

process.once('message', async (message) => {
  process.send?.(await work(/** @type {import('./evidence.js').EvidenceJob} */ (message)))
})

// The answer has arrived, or whoever waited for it is gone.
process.once('disconnect', () => process.exit())

/**
 * @param {import('./evidence.js').EvidenceJob} job
 * @returns {Promise<import('./evidence.js').EvidenceSamples>}
 */
async function work({ samples, rounds, judgements }) {
  const subject = (/** @type {() => Promise<void>} */ judge) => ({
    judge,
    times: /** @type {number[]} */ ([]),
  })
  const tdx = subject(await ours(samples, SAMPLES.tdx))
  const theirTdx = subject(await theirs(samples, SAMPLES.tdx))
  const snp = subject(await ours(samples, SAMPLES.snp))
  const nitro = subject(await ours(samples, SAMPLES.nitro))
  // As many rounds again come first and do not count: in them, everything is compiled.
  for (let round = -rounds; round < rounds; round++) {
    for (const { judge, times } of [tdx, theirTdx, snp, nitro]) {
      const before = process.cpuUsage()
      for (let i = 0; i < judgements; i++) await judge()
      const { user, system } = process.cpuUsage(before)
      if (round >= 0) times.push((user + system) / 1000 / judgements)
    }
  }
  return { tdx: tdx.times, 'tdx by dcap-qvl': theirTdx.times, snp: snp.times, nitro: nitro.times }
}

/**
 * What `bob evidence` does.
 * @param {string} samples
 * @param {Sample} sample
 */
async function ours(samples, { folder, files, at }) {
  const given = await Promise.all(
    files.map(async (name) => ({ name, bytes: new Uint8Array(await readFile(join(samples, folder, name))) })),
  )
  const time = Date.parse(at) / 1000
  return async () => {
    const { evidence } = await parseEvidence(given)
    const { authentic, failures } = await authenticate(evidence, time)
    const speaking = authentic === undefined ? failures : inspect(authentic, { nonce: null }).failures
    if (speaking.length > 0)
      throw new Error(`${folder} was refused with ${speaking.map(({ code }) => code).join(', ')}`)
  }
}

/**
 * @param {string} samples
 * @param {Sample} sample
 */
async function theirs(samples, { folder, at }) {
  const quote = await readFile(join(samples, folder, 'quote.bin'))
  const text = await readFile(join(samples, folder, 'collateral.json'), 'utf8')
  const time = Date.parse(at) / 1000
  return async () => {
    const { status } = verify(quote, JSON.parse(text), time)
    if (status !== 'UpToDate') throw new Error(`dcap-qvl finds ${folder} ${status}`)
  }
}
