import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assertRoom, writeWhole } from '@vouch/host/node'
import { equalBytes, type PublicKey, VouchError } from '@vouch/protocol'
import {
  type Codec,
  fixedBytes,
  list,
  parseFile,
  printFile,
  record,
  text,
  version,
} from '@vouch/protocol/codec'
import type { AnnouncedKey } from '../src/index.js'

/** Keys that were announced since the guest started. */
interface Announced {
  readonly version: 1
  readonly boot: string
  /** os_image_hash: under another configuration, the same name may be another program's. */
  readonly image: Uint8Array
  readonly keys: readonly AnnouncedKey[]
}

const announcedCodec: Codec<Announced> = record<Announced>({
  version: version(1),
  boot: text(64),
  image: fixedBytes(32),
  keys: list(
    record<AnnouncedKey>({
      name: text(64),
      publicKey: record<PublicKey>({ x: fixedBytes(32), y: fixedBytes(32) }),
    }),
    { min: 0, max: 256, anyOrder: true },
  ),
})

/** Linux's name for this boot, another after every start of the guest. */
const BOOT_ID = '/proc/sys/kernel/random/boot_id'

async function thisBoot(): Promise<string> {
  const id = await readFile(BOOT_ID, 'utf8').catch((cause: unknown) => {
    throw new VouchError(
      'PROVIDER_UNAVAILABLE',
      { rule: `the kernel must name its boot in ${BOOT_ID}` },
      { cause },
    )
  })
  return id.trim()
}

/** Where announced keys are kept, so that "the first key per boot" does not mean "per start of the agent". */
export interface KeyStore {
  readonly known: readonly AnnouncedKey[]
  keep(keys: readonly AnnouncedKey[]): Promise<void>
  /** Refuses when a key that is announced now could not be kept. */
  assertRoom(): Promise<void>
}

/** Keys in a folder that is the agent's own. Those of an earlier boot, or of another image, count for nothing. */
export async function openKeyStore(folder: string, image: Uint8Array, boot?: string): Promise<KeyStore> {
  const path = join(folder, 'announced.json')
  const now = boot ?? (await thisBoot())
  const file = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  const kept =
    file === undefined ? undefined : parseFile(announcedCodec, new Uint8Array(file), 'announced keys')
  let writing: Promise<void> = Promise.resolve()
  return {
    known: kept?.boot === now && equalBytes(kept.image, image) ? kept.keys : [],
    keep(keys) {
      const sorted = announcedCodec.fromJson(
        announcedCodec.toJson({ version: 1, boot: now, image, keys }),
        'announced keys',
      )
      const write = () => writeWhole(path, printFile(announcedCodec, sorted, 'announced keys'), 0o600)
      writing = writing.then(write, write)
      return writing.catch((cause: unknown) => {
        throw new VouchError('STORAGE_FAILED', { rule: 'an announced key must be kept' }, { cause })
      })
    },
    assertRoom: () => assertRoom(folder),
  }
}

/** Keys that end with the process: enough where evidence is worth nothing. */
export const forgetful: KeyStore = {
  known: [],
  keep: () => Promise.resolve(),
  assertRoom: () => Promise.resolve(),
}
