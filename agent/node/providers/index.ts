import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open, readFile, rmdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { configfsTsm, type Provider, type ProviderSettings, type TsmFileSystem } from '../../src/index.js'
import { openSimulated } from './simulated.js'
import { openTpm } from './tpm.js'
import { withCollateral } from './with-collateral.js'

type Opener<Settings> = (settings: Settings, resolve: (path: string) => string) => Promise<Provider>

/** Every provider, as it is opened on this machine. One that is not here yet gets its line here and in its settings. */
const OPENERS: {
  readonly [Name in ProviderSettings['name']]: Opener<Extract<ProviderSettings, { name: Name }>>
} = {
  simulated: openSimulated,
  'configfs-tsm': async ({ collateral, ...settings }, resolve) => {
    const random = (size: number) => new Uint8Array(randomBytes(size))
    const provider = await configfsTsm(settings, { files: kernelFiles, random, sleep })
    return collateral === undefined ? provider : withCollateral(provider, resolve(collateral))
  },
  tpm: openTpm,
}

export function openProvider(
  settings: ProviderSettings,
  resolve: (path: string) => string,
): Promise<Provider> {
  // The table pairs each name with its own settings, which the compiler cannot follow through a lookup.
  const opener = OPENERS[settings.name] as Opener<ProviderSettings>
  return opener(settings, resolve)
}

/** The kernel's files by the system's own calls, whose errors pass through as they are. */
export const kernelFiles: TsmFileSystem = {
  mkdir: async (path) => void (await mkdir(path)),
  rmdir,
  read: async (path) => new Uint8Array(await readFile(path)),
  async write(path, bytes) {
    const file = await open(path, constants.O_WRONLY) // the kernel refuses to open it for reading as well
    try {
      await file.write(bytes)
    } finally {
      await file.close()
    }
  },
}
