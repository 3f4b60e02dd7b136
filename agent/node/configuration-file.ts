import { dirname, resolve } from 'node:path'
import { parseNamedFile, readNamedFile } from '@vouch/host/node'
import { parseYaml } from '@vouch/host/yaml'
import { textOf } from '@vouch/protocol'
import { type AgentPlan, planFrom } from '../src/index.js'

/** A configuration as it lies on the disk: its very bytes are part of os_image_hash. */
export interface ConfigurationFile {
  readonly bytes: Uint8Array
  readonly plan: AgentPlan
  /** The path that a path in the configuration means: one that is not absolute starts where the configuration lies. */
  resolve(path: string): string
}

export async function readConfiguration(path: string): Promise<ConfigurationFile> {
  const { bytes, plan } = await parseNamedFile(path, (file) => ({
    bytes: file,
    plan: planFrom(parseYaml(textOf(file))),
  }))
  const folder = dirname(resolve(path))
  return { bytes, plan, resolve: (inside) => resolve(folder, inside) }
}

/** The store paths of a configuration's closure, listed there or in a file of its own. */
export async function closurePaths(
  paths: { readonly listed: readonly string[] } | { readonly file: string },
  file: Pick<ConfigurationFile, 'resolve'>,
): Promise<readonly string[]> {
  if ('listed' in paths) return paths.listed
  return listedPaths(textOf(await readNamedFile(file.resolve(paths.file))))
}

/** The lines of a list of store paths, as `nix-store -qR` and closureInfo write it. */
export function listedPaths(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}
