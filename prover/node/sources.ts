import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type AdmissionPolicy, parseAdmissionPolicy } from '@vouch/evidence'
import { parseHead, shown, VouchError } from '@vouch/protocol'
import { type Bounds, parseNamedFile } from '@vouch/protocol/node'
import type { Mirror, RegistrySource } from '@vouch/registry'
import { openSource } from '@vouch/registry/node'
import { askPolicies, type Network } from '../src/index.js'
import { assertWanted } from '../src/net.js'

/** Where a registry is read from: a folder, a URL, or the file of a head whose leaves are in her own copy already. */
export async function registrySource(
  where: string,
  mirror: Mirror,
  bounds: Bounds = {},
): Promise<RegistrySource> {
  const info = isUrl(where) ? undefined : await stat(where).catch(() => undefined)
  if (!info?.isFile()) return openSource(where, bounds)
  const head = await parseNamedFile(where, parseHead)
  return {
    head: async () => head,
    index: async () => {
      const [kept, index] = [await mirror.head(), await mirror.index()]
      if (index !== undefined && kept?.root === head.root) return index
      throw new VouchError('HEAD_MISSING', {
        rule: 'the leaves at this head must have been synced',
        given: shown(where),
        hint: 'alice sync; or name the folder or URL of the registry instead of a head alone',
      })
    },
    bucket: async (number) => (await mirror.bucket(number)) ?? new Uint8Array(),
  }
}

/** Documents of the policies that a registry publishes, for showing: their ids are computed, and none is missed. */
export async function publishedPolicies(
  where: string,
  network: Network,
  signal?: AbortSignal,
): Promise<readonly AdmissionPolicy[]> {
  try {
    if (isUrl(where)) return await askPolicies(where, network, signal)
    const folder = join(where, 'policies')
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
    return await Promise.all(names.map((name) => parseNamedFile(join(folder, name), parseAdmissionPolicy)))
  } catch {
    assertWanted(signal)
    return [] // then a Request's policies are shown by their ids
  }
}

const isUrl = (where: string): boolean => /^https?:\/\//.test(where)
