import type { AdmissionPolicy } from '@vouch/evidence'
import { type Hasher, VouchError } from '@vouch/protocol'
import type { RegistryView } from '../src/store.js'
import { type Synced, syncRegistry } from '../src/sync.js'
import { openMirror, openSource } from './public-folder.js'
import { PublishedRegistry } from './published.js'
import type { Publisher } from './store/index.js'

/** The public part of a registry, for a server of files. */
export interface PublicPart {
  readonly policies: readonly AdmissionPolicy[]
  readonly hash?: Hasher | undefined
}

/** Writes the public part of a registry to a folder, checked like a stranger's before it is written. */
export async function publishTo(
  folder: string,
  registry: RegistryView,
  { policies, hash }: PublicPart,
): Promise<Synced> {
  const published = new PublishedRegistry(registry)
  const source = {
    head: () => registry.head(),
    index: () => published.index(),
    policies: async () => policies,
    bucket: (number: number) => published.bucket(number),
  }
  return syncRegistry({ source, mirror: await openMirror(folder), ...(hash === undefined ? {} : { hash }) })
}

/**
 * A folder that a server of files, or a network of them, publishes. `published` is where readers find it, if that is another
 * place: what they have seen counts, and not what this machine has written.
 */
export function publicFolder(
  folder: string,
  part: PublicPart,
  published: string = folder,
): (registry: RegistryView) => Publisher {
  return (registry) => ({
    name: published,
    newest: async (own) => {
      try {
        return await (await openSource(published)).head()
      } catch (error) {
        if (!(error instanceof VouchError)) throw error
        // A folder that nothing was published to yet, or a registry that has nothing but its first head to publish.
        const isNew = own === 0 || (error.code === 'FILE_NOT_FOUND' && published === folder)
        if (isNew) return undefined
        throw error
      }
    },
    publish: async (head) => {
      const there = await (await openMirror(folder)).head()
      if (there === undefined || there.seq <= head.seq) await publishTo(folder, registry, part)
    },
  })
}
