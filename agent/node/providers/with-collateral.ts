import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readNamedFile } from '@vouch/host/node'
import { shown, VouchError } from '@vouch/protocol'
import type { Provider } from '../../src/index.js'

/** Evidence travels in at most 16 files. */
const MAX_FILES = 15

/**
 * Evidence with what lies in a folder beside it. The folder is read anew each time: what vendors publish is renewed while the
 * agent runs. Nobody believes it for having lain there, as all of it is signed by the vendor.
 */
export function withCollateral(provider: Provider, folder: string): Provider {
  return {
    ...provider,
    attest: async (reportData) => [...(await provider.attest(reportData)), ...(await filesIn(folder))],
  }
}

async function filesIn(folder: string): Promise<readonly Uint8Array[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    // What begins with a dot is being written.
    const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    if (files.length <= MAX_FILES)
      return await Promise.all(files.map(({ name }) => readNamedFile(join(folder, name))))
  } catch (cause) {
    throw new VouchError(
      'PROVIDER_FAILED',
      { rule: 'the folder of collateral must be readable', given: shown(folder) },
      { cause },
    )
  }
  throw new VouchError('PROVIDER_FAILED', {
    rule: `the folder of collateral must have at most ${MAX_FILES} files, as many as travel beside a report`,
  })
}
