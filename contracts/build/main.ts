import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CONTRACTS, forge } from './forge.js'
import { buildGenerated } from './generated.js'
import { differences, outputOf } from './output.js'

// `npm run contracts`: generates the verifier, compiles, and writes what is committed about it: `manifest.json` and `src/abi.ts`. With
// `--check` nothing committed is written, and a difference is an error. `--build` stops after `generated/`. `--fuzz` runs forge's
// tests with as many runs as the profile `fuzz` says.

async function main(words: readonly string[]): Promise<number> {
  const verifier = await buildGenerated()
  if (words.includes('--build')) return 0
  if (words.includes('--fuzz')) return fuzz()
  const output = await outputOf(verifier)
  if (!words.includes('--check')) {
    for (const [path, content] of output.files) await writeFile(join(CONTRACTS, path), content)
  }
  const faults = await differences(output)
  for (const fault of faults) process.stderr.write(`contracts: error: ${fault}\n`)
  return faults.length === 0 ? 0 : 1
}

/** From another seed each time, which is shown: with it a failure comes again. */
async function fuzz(): Promise<number> {
  const seed = `0x${randomBytes(32).toString('hex')}`
  process.stderr.write(`contracts: forge test --fuzz-seed ${seed}\n`)
  const { status } = await forge(['test', '--fuzz-seed', seed], { profile: 'fuzz', show: true })
  return status ?? 1
}

process.exitCode = await main(process.argv.slice(2))
