// The public names of this package under Node: what it takes to deploy.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Hex } from 'viem'

/** The package's folder: this file is built two levels below it, and written one. */
const ROOT = ['..', '../..']
  .map((up) => new URL(`${up}/`, import.meta.url))
  .find((folder) => existsSync(new URL('package.json', folder)))

/** The contracts that are deployed. `HonkVerifier` is what Barretenberg generates for `respond`. */
export type Deployable = 'CredentialRegistry' | 'VouchVerifier' | 'HonkVerifier' | 'VouchedBoard'

/** What a contract is made with. The build makes it from the sources; `manifest.json` has its hash. */
export async function creationCode(name: Deployable): Promise<Hex> {
  const file = new URL(`generated/bytecode/${name}.json`, ROOT)
  const { bytecode } = JSON.parse(await readFile(file, 'utf8')) as { readonly bytecode: Hex }
  return bytecode
}
