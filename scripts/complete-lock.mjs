/**
 * Completes package-lock.json after `npm install`.
 *
 * npm writes no entry for an optional package that it could not fetch, as happens to other platforms' binaries on a
 * registry that lacks them; `npm ci` then finds that the lock disagrees with the packages and stops. The missing entry
 * is nothing but a version and a platform: the dependant pins the one, and the name states the other.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * @typedef {{ version?: string, dev?: boolean, optional?: boolean, os?: string[], cpu?: string[], libc?: string[],
 *   optionalDependencies?: Record<string, string> }} LockEntry
 * @typedef {{ packages: Record<string, LockEntry> }} Lock
 * @typedef {Pick<LockEntry, 'os' | 'cpu' | 'libc'>} Platform
 */

const FOLDER = 'node_modules/'
const EXACT_VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/

/** A word of a package's name → what npm calls it. @type {Record<string, Platform>} */
const PLATFORM_WORDS = {
  aix: { os: ['aix'] },
  android: { os: ['android'] },
  darwin: { os: ['darwin'] },
  freebsd: { os: ['freebsd'] },
  linux: { os: ['linux'] },
  linuxmusl: { os: ['linux'], libc: ['musl'] },
  macos: { os: ['darwin'] },
  netbsd: { os: ['netbsd'] },
  openbsd: { os: ['openbsd'] },
  openharmony: { os: ['openharmony'] },
  sunos: { os: ['sunos'] },
  win32: { os: ['win32'] },
  windows: { os: ['win32'] },
  aarch64: { cpu: ['arm64'] },
  amd64: { cpu: ['x64'] },
  arm: { cpu: ['arm'] },
  arm64: { cpu: ['arm64'] },
  ia32: { cpu: ['ia32'] },
  loong64: { cpu: ['loong64'] },
  mips64el: { cpu: ['mips64el'] },
  ppc64: { cpu: ['ppc64'] },
  riscv64: { cpu: ['riscv64'] },
  s390x: { cpu: ['s390x'] },
  wasm32: { cpu: ['wasm32'] },
  x64: { cpu: ['x64'] },
  glibc: { libc: ['glibc'] },
  gnu: { libc: ['glibc'] },
  musl: { libc: ['musl'] },
}

/** Prebuilt packages whose names do not say it. @type {Record<string, Platform>} */
const UNNAMED_PLATFORMS = {
  fsevents: { os: ['darwin'] },
}

/**
 * The lock with an entry for every optional package that it only mentions; the argument is left as it is.
 *
 * @param {Lock} lock
 * @returns {{ lock: Lock, added: string[] }}
 */
export function completeLock(lock) {
  const packages = { ...lock.packages }
  /** @type {string[]} */
  const added = []
  for (const [location, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (resolves(packages, location, name, version)) continue
      const place = freePlace(packages, location, name)
      packages[place] = missingEntry(name, version, entry)
      added.push(place)
    }
  }
  return { lock: { ...lock, packages: added.length === 0 ? lock.packages : sorted(packages) }, added }
}

/**
 * Whether Node's walk up the folders finds `name` from `location`. What an earlier round added for another version
 * does not count; what npm placed does, since npm has matched the ranges itself.
 *
 * @param {Record<string, LockEntry>} packages
 * @param {string} location
 * @param {string} name
 * @param {string} version
 */
function resolves(packages, location, name, version) {
  const found = foldersAbove(location)
    .map((folder) => packages[folder + FOLDER + name])
    .find((entry) => entry !== undefined)
  return found !== undefined && (!EXACT_VERSION.test(version) || found.version === version)
}

/** `''` and every folder from which `location` can import, the nearest first. @param {string} location */
function foldersAbove(location) {
  const folders = []
  for (let at = location; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf(FOLDER) - 1))) {
    folders.push(`${at}/`)
    if (!at.includes(FOLDER)) break
  }
  return [...folders, '']
}

/** The top folder, unless another version lives there. @type {(p: Record<string, LockEntry>, l: string, n: string) => string} */
function freePlace(packages, location, name) {
  const top = FOLDER + name
  return packages[top] === undefined ? top : `${location}/${FOLDER}${name}`
}

/**
 * @param {string} name
 * @param {string} version
 * @param {LockEntry} dependant
 * @returns {LockEntry}
 */
function missingEntry(name, version, dependant) {
  if (!EXACT_VERSION.test(version)) {
    throw new Error(`complete-lock: ${name} is missing and its version is not exact; given: ${version}`)
  }
  return { version, ...platformOf(name), ...(dependant.dev ? { dev: true } : {}), optional: true }
}

/**
 * What the name of a prebuilt package says about where it runs. A name that does not say it cannot be completed: an entry
 * for no platform would be installed on all of them.
 *
 * @param {string} name
 * @returns {Platform}
 */
export function platformOf(name) {
  const words = name.slice(name.lastIndexOf('/') + 1).split(/[-_.]/)
  /** @type {Platform} */
  const platform = UNNAMED_PLATFORMS[name] ?? Object.assign({}, ...words.map((word) => PLATFORM_WORDS[word]))
  if (platform.os === undefined && platform.cpu === undefined) {
    throw new Error(`complete-lock: ${name} is missing and its name states no platform`)
  }
  return platform
}

/** In npm's order. @param {Record<string, LockEntry>} packages */
function sorted(packages) {
  return Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')))
}

function main() {
  const file = fileURLToPath(new URL('../package-lock.json', import.meta.url))
  const before = readFileSync(file, 'utf8')
  const { lock, added } = completeLock(JSON.parse(before))
  if (added.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  console.error(`complete-lock: ${added.length} added`)
  for (const place of added) console.error(`  ${place}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
