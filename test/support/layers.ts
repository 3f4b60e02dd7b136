import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import { type Manifest, readManifest } from './repository.js'

/**
 * Package → the packages of this project that it may import, the lowest first. Packages that are not written yet have
 * their places already: `systems` is what is built on Vouch, `guest` the measured image, `web` the page.
 */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  host: ['protocol'],
  circuits: ['protocol'],
  contracts: ['protocol'],
  evidence: ['protocol', 'host'],
  registry: ['protocol', 'host', 'circuits', 'evidence'],
  chain: ['protocol', 'host', 'circuits', 'evidence', 'contracts', 'registry'],
  verifier: ['protocol', 'host', 'circuits'],
  prover: ['protocol', 'host', 'circuits', 'evidence', 'registry', 'chain', 'verifier'],
  agent: ['protocol', 'host', 'evidence'],
  cli: ['protocol', 'host', 'circuits', 'evidence', 'registry', 'chain', 'verifier', 'prover'],
  systems: ['protocol', 'host', 'circuits', 'evidence', 'registry', 'verifier', 'prover', 'agent'],
  guest: ['protocol', 'host', 'evidence', 'agent'],
  web: ['protocol', 'circuits', 'verifier'],
}

/** What one package alone may import, and no other: a foreign package → its one importer. */
const ALONE: readonly (readonly [foreign: RegExp, importer: string, complaint: string])[] = [
  [/^@aztec\/bb\.js$|^@noir-lang\//, 'circuits', 'only circuits imports the proving backend'],
  [/^viem$/, 'chain', 'only chain imports viem'],
]

const SCOPE = '@vouch/'

export interface Source {
  /** Relative to the package's folder: `src/a.ts`. */
  readonly path: string
  readonly imports: readonly string[]
}

export interface Package {
  readonly manifest: Manifest
  readonly sources: readonly Source[]
}

/** Every import that breaks a rule, in words. */
export function violations(packages: readonly Package[]): readonly string[] {
  return packages.flatMap(({ manifest, sources }) => {
    const name = manifest.name.replace(SCOPE, '')
    if (LAYERS[name] === undefined) return [`${name} has no layer: say in LAYERS what it may import`]
    return sources.flatMap(({ path, imports }) =>
      imports.flatMap((target) =>
        complaints(manifest, path, target).map((complaint) => `${name}/${path}: '${target}': ${complaint}`),
      ),
    )
  })
}

function complaints(manifest: Manifest, path: string, target: string): readonly string[] {
  if (target.startsWith('.')) return relativeComplaints(path, target)
  if (builtinModules.includes(target.replace(/^node:/, ''))) return builtinComplaints(path, target)
  return packageComplaints(manifest, path, target)
}

function relativeComplaints(path: string, target: string): readonly string[] {
  const resolved = posix.join(posix.dirname(path), target)
  const found: string[] = []
  if (resolved.startsWith('..')) found.push('leaves the package: import it by its name')
  if (isPure(path) && /^(node|bin)\//.test(resolved))
    found.push('src/ is isomorphic: it imports nothing of node/')
  if (!/\.(js|json)$/.test(target)) found.push('relative imports end in .js')
  return found
}

function builtinComplaints(path: string, target: string): readonly string[] {
  if (isPure(path)) return ['src/ is isomorphic: it imports nothing of Node']
  return target.startsWith('node:') ? [] : ['a builtin is written with node:']
}

function packageComplaints(manifest: Manifest, path: string, target: string): readonly string[] {
  const importer = manifest.name.replace(SCOPE, '')
  const dependency = packageName(target)
  const found: string[] = []
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies }
  if (declared[dependency] === undefined) found.push(`package.json does not declare ${dependency}`)
  for (const [foreign, owner, complaint] of ALONE)
    if (foreign.test(dependency) && importer !== owner) found.push(complaint)
  if (!dependency.startsWith(SCOPE)) return found
  const imported = dependency.replace(SCOPE, '')
  if (!LAYERS[importer]?.includes(imported)) found.push(`${importer} must not import ${imported}`)
  if (isPure(path) && !leadsToSource(imported, target.slice(dependency.length)))
    found.push("src/ is isomorphic: it imports nothing of another package's node/")
  if (isPure(path) && manifest.peerDependenciesMeta?.[dependency]?.optional === true)
    found.push('src/ must stand without what is optional')
  return found
}

/** Whether an entry of a package of ours is one into its src/. */
function leadsToSource(folder: string, entry: string): boolean {
  const source = readManifest(folder).exports?.[`.${entry}`]?.['vouch:source'] ?? ''
  return source.startsWith('./src/')
}

function isPure(path: string): boolean {
  return path.startsWith('src/')
}

/** `@scope/name/sub` → `@scope/name`. */
function packageName(target: string): string {
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/')
}
