import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { VouchError } from '@vouch/protocol'

// The public names of this package under Node, besides those of `@vouch/contracts`.

/** What is deployed. `HonkVerifier` is the verifier of `respond`, generated from its pinned key. */
export type DeployedName = 'CredentialRegistry' | 'VouchVerifier' | 'VouchedBoard' | 'HonkVerifier'

// This file runs from node/ and, once built, from dist/node/.
const ROOT = ['..', '../..']
  .map((up) => new URL(`${up}/`, import.meta.url))
  .find((folder) => existsSync(new URL('package.json', folder)))

/** The code that creates a contract, as `npm run contracts` compiled it. */
export async function readCreationCode(name: DeployedName): Promise<`0x${string}`> {
  const path = `generated/bytecode/${name}.json`
  try {
    return JSON.parse(await readFile(new URL(path, ROOT), 'utf8')).bytecode
  } catch (error) {
    const explanation = { rule: `${path} must come with the package`, hint: 'npm run contracts makes it' }
    throw new VouchError('ARTIFACT_CORRUPT', explanation, { cause: error })
  }
}
