import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readManifest } from '@vouch/circuits/node'
import { CONTRACTS, forge } from './forge.js'
import {
  type AbiEntry,
  buildGenerated,
  type ContractName,
  DEPLOYED,
  forgeOutput,
  sha256Hex,
} from './generated.js'

// `npm run contracts`: generates the verifier, compiles, and writes what is committed about it: `manifest.json` and `src/abi.ts`. With
// `--check` nothing committed is written, and a difference is an error. `--build` stops after `generated/`. `--fuzz` runs forge's
// tests with as many runs as the profile `fuzz` says.

const say = (line: string) => process.stderr.write(`contracts: ${line}\n`)
const MAX_CODE_BYTES = 24_576

async function main(words: readonly string[]): Promise<number> {
  const verifier = await buildGenerated()
  if (words.includes('--build')) return 0
  if (words.includes('--fuzz')) return (await forge(['test'], { profile: 'fuzz', show: true })).status ?? 1
  const output = await outputOf(verifier)
  const faults = [...output.faults]
  for (const [path, content] of output.files) {
    if (!words.includes('--check')) await writeFile(join(CONTRACTS, path), content)
    else if ((await readFile(join(CONTRACTS, path), 'utf8').catch(() => '')) !== content)
      faults.push(`contracts/${path} is not what the sources give: run npm run contracts`)
  }
  for (const fault of faults) say(`error: ${fault}`)
  return faults.length === 0 ? 0 : 1
}

/** Everything that is committed about the contracts. The same sources give the same bytes. */
async function outputOf(
  verifier: string,
): Promise<{ files: ReadonlyMap<string, string>; faults: readonly string[] }> {
  const { dependencies, devDependencies } = JSON.parse(
    await readFile(join(CONTRACTS, 'package.json'), 'utf8'),
  )
  const circuit = (await readManifest()).circuits.find(({ name }) => name === 'respond')
  const names = Object.keys(DEPLOYED) as ContractName[]
  const outputs = await Promise.all(names.map(async (name) => ({ name, ...(await forgeOutput(name)) })))
  const contracts = outputs.map(({ name, bytecode, deployedBytecode }) => ({
    name,
    bytes: (deployedBytecode.object.length - 2) / 2,
    creation: sha256Hex(Buffer.from(bytecode.object.slice(2), 'hex')),
  }))
  const manifest = {
    versions: {
      solc: devDependencies.solc,
      forge: devDependencies['@foundry-rs/forge'],
      viem: dependencies.viem,
    },
    verifier: { circuit: circuit?.vkHash, source: sha256Hex(verifier) },
    contracts,
  }
  const abis = outputs.filter(({ name }) => name !== 'HonkVerifier')
  return {
    files: new Map([
      ['manifest.json', `${JSON.stringify(manifest, null, 2)}\n`],
      ['src/abi.ts', abiModule(abis)],
    ]),
    faults: contracts
      .filter(({ bytes }) => bytes > MAX_CODE_BYTES)
      .map(({ name, bytes }) => `${name} has ${bytes} bytes of code, more than ${MAX_CODE_BYTES}`),
  }
}

function abiModule(contracts: readonly { name: ContractName; abi: readonly AbiEntry[] }[]): string {
  const constants = contracts.map(({ name, abi }) =>
    constant(`${name[0]?.toLowerCase()}${name.slice(1)}Abi`, abi),
  )
  const errors = new Map(
    contracts.flatMap(({ abi }) =>
      abi.filter(({ type }) => type === 'error').map((entry) => [JSON.stringify(entry), entry] as const),
    ),
  )
  const sorted = [...errors.values()].sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1))
  const all = constant('contractErrorsAbi', sorted)
  return `// Made by \`npm run contracts\`. Not edited.\n\n${[...constants, all].join('\n')}`
}

function constant(name: string, abi: readonly AbiEntry[]): string {
  return `export const ${name} = [\n${abi.map((entry) => `  ${JSON.stringify(withoutInternal(entry))},\n`).join('')}] as const\n`
}

/** What the compiler calls a type is of no use to a caller. */
function withoutInternal(entry: unknown): unknown {
  return JSON.parse(JSON.stringify(entry, (key, value) => (key === 'internalType' ? undefined : value)))
}

process.exitCode = await main(process.argv.slice(2))
