import { createHash } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { solidityVerifier } from '@vouch/circuits/node'
import { writeWhole } from '@vouch/host/node'
import { CONTRACTS, forgeOrThrow } from './forge.js'

/** The contracts that are deployed: name → the source that forge compiled it from. */
export const DEPLOYED = {
  CredentialRegistry: 'CredentialRegistry.sol',
  VouchVerifier: 'VouchVerifier.sol',
  VouchedBoard: 'VouchedBoard.sol',
  HonkVerifier: 'RespondVerifier.sol',
} as const

export type ContractName = keyof typeof DEPLOYED

/** What forge writes about a contract, as far as it is used. */
export interface ForgeOutput {
  readonly abi: readonly AbiEntry[]
  readonly bytecode: { readonly object: string }
  readonly deployedBytecode: { readonly object: string }
}

export interface AbiEntry {
  readonly type: string
  readonly name?: string
  readonly inputs?: readonly unknown[]
}

const GENERATED = join(CONTRACTS, 'generated')
const VERIFIER = join(GENERATED, 'RespondVerifier.sol')
const LOCK = join(GENERATED, 'lock')
const LOCK_PATIENCE = 300_000

export const sha256Hex = (text: string | Uint8Array): string =>
  createHash('sha256').update(text).digest('hex')

/** Makes everything in `generated/` that is not there yet, or not of these sources. Gives the verifier's source. */
export async function buildGenerated(): Promise<string> {
  await mkdir(GENERATED, { recursive: true })
  return alone(async () => {
    const source = await solidityVerifier('respond')
    if ((await readFile(VERIFIER, 'utf8').catch(() => undefined)) !== source)
      await writeWhole(VERIFIER, source)
    await forgeOrThrow(['build', 'src', 'generated', 'test/harness'])
    await mkdir(join(GENERATED, 'bytecode'), { recursive: true })
    for (const name of Object.keys(DEPLOYED) as ContractName[]) {
      const { bytecode } = await forgeOutput(name)
      const file = join(GENERATED, 'bytecode', `${name}.json`)
      const content = `${JSON.stringify({ bytecode: bytecode.object })}\n`
      if ((await readFile(file, 'utf8').catch(() => undefined)) !== content) await writeWhole(file, content)
    }
    return source
  })
}

/** What forge made of a contract. */
export async function forgeOutput(
  name: string,
  source = DEPLOYED[name as ContractName],
): Promise<ForgeOutput> {
  return JSON.parse(await readFile(join(GENERATED, 'out', source ?? `${name}.sol`, `${name}.json`), 'utf8'))
}

/** Test files that build at the same moment would write one another's cache. A lock that is never released is taken over. */
async function alone<Value>(work: () => Promise<Value>): Promise<Value> {
  const deadline = Date.now() + LOCK_PATIENCE
  while (
    !(await mkdir(LOCK).then(
      () => true,
      () => false,
    ))
  ) {
    if (Date.now() > deadline) await rm(LOCK, { recursive: true, force: true })
    else await setTimeout(200)
  }
  try {
    return await work()
  } finally {
    await rm(LOCK, { recursive: true, force: true })
  }
}
