import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readManifest } from '@vouch/circuits/node'
import { CONTRACTS } from './forge.js'
import { type AbiEntry, type ContractName, DEPLOYED, forgeOutput, sha256Hex } from './generated.js'

/** What a chain lets a contract have. */
const MAX_CODE_BYTES = 24_576

export interface Output {
  /** Files of this package by path: everything that is committed about what was built. The same sources give the same bytes. */
  readonly files: ReadonlyMap<string, string>
  /** Contracts that no chain would take, in words. */
  readonly faults: readonly string[]
}

/** What follows from `generated/`, given the verifier's source in it. */
export async function outputOf(verifier: string): Promise<Output> {
  const names = Object.keys(DEPLOYED) as ContractName[]
  const outputs = await Promise.all(names.map(async (name) => ({ name, ...(await forgeOutput(name)) })))
  const contracts = outputs.map(({ name, bytecode, deployedBytecode }) => ({
    name,
    bytes: (deployedBytecode.object.length - 2) / 2,
    creation: sha256Hex(Buffer.from(bytecode.object.slice(2), 'hex')),
  }))
  const circuit = (await readManifest()).circuits.find(({ name }) => name === 'respond')?.vkHash
  const manifest = {
    versions: await versions(),
    verifier: { circuit, source: sha256Hex(verifier) },
    contracts,
  }
  return {
    files: new Map([
      ['manifest.json', `${JSON.stringify(manifest, null, 2)}\n`],
      ['src/abi.ts', abiModule(outputs.filter(({ name }) => name !== 'HonkVerifier'))],
    ]),
    faults: contracts
      .filter(({ bytes }) => bytes > MAX_CODE_BYTES)
      .map(({ name, bytes }) => `${name} has ${bytes} bytes of code, more than ${MAX_CODE_BYTES}`),
  }
}

/** What is wrong with what is committed, in words. */
export async function differences({ files, faults }: Output): Promise<readonly string[]> {
  const found = [...files].map(async ([path, content]) => {
    const committed = await readFile(join(CONTRACTS, path), 'utf8').catch(() => undefined)
    return committed === content
      ? []
      : [`contracts/${path} is not what the sources give: run npm run contracts`]
  })
  return [...faults, ...(await Promise.all(found)).flat()]
}

async function versions(): Promise<Readonly<Record<'solc' | 'forge', string>>> {
  const { devDependencies } = JSON.parse(await readFile(join(CONTRACTS, 'package.json'), 'utf8'))
  return { solc: devDependencies.solc, forge: devDependencies['@foundry-rs/forge'] }
}

function abiModule(contracts: readonly { name: ContractName; abi: readonly AbiEntry[] }[]): string {
  const constants = contracts.map(({ name, abi }) =>
    constant(`${name.charAt(0).toLowerCase()}${name.slice(1)}Abi`, abi),
  )
  return `// Made by \`npm run contracts\`. Not edited.\n\n${[...constants, constant('contractErrorsAbi', errorsOf(contracts))].join('\n')}`
}

/** Every error of any of them, once, by name: what a call reverts with may come from a contract that it called. */
function errorsOf(contracts: readonly { abi: readonly AbiEntry[] }[]): readonly AbiEntry[] {
  const errors = contracts.flatMap(({ abi }) => abi).filter(({ type }) => type === 'error')
  const distinct = [...new Map(errors.map((entry) => [JSON.stringify(entry), entry])).values()]
  return distinct.sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1))
}

function constant(name: string, abi: readonly AbiEntry[]): string {
  const lines = abi.map((entry) => `  ${JSON.stringify(entry, withoutInternal)},\n`)
  return `export const ${name} = [\n${lines.join('')}] as const\n`
}

/** What the compiler calls a type is of no use to a caller. */
function withoutInternal(key: string, value: unknown): unknown {
  return key === 'internalType' ? undefined : value
}
