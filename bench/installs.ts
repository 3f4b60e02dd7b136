import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installedIn, installFrom, packAll, registryAnswers, type Tarball } from '../scripts/npm.js'

// What an install brings: of one of our packages, into an empty project.

const ROOT = fileURLToPath(new URL('..', import.meta.url))

export type Installable = 'verifier' | 'prover' | 'agent' | 'evidence' | 'cli'

export interface Install {
  readonly name: Installable
  /** How many, with all that they need. */
  readonly packages: number
  readonly bytes: number
}

/** Or why nothing was measured. */
export type InstallResults = readonly Install[] | string

/** Packs the packages, which must be built, and installs each of those that are named alone. */
export async function measureInstalls(
  names: readonly Installable[],
  say: (line: string) => void,
): Promise<InstallResults> {
  if (!registryAnswers()) return 'not measured: no npm registry answers'
  const scratch = await mkdtemp(join(tmpdir(), 'vouch-bench-'))
  try {
    say('installs: pack the packages')
    const tarballs = await packAll(ROOT, join(scratch, 'tarballs'))
    const found: Install[] = []
    for (const name of names) {
      say(`installs: ${name}`)
      found.push(await install(tarballs, join(scratch, name), name))
    }
    return found
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function install(tarballs: readonly Tarball[], folder: string, name: Installable): Promise<Install> {
  await installFrom(tarballs, folder, `@vouch/${name}`)
  const { packages, bytes } = await installedIn(folder)
  await rm(folder, { recursive: true })
  return { name, packages: packages.length, bytes }
}
