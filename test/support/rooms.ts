import { posix } from 'node:path'
import type { Source } from './layers.js'

// What may import what inside a package, file by file.

/** The rooms of a package: folders, and single files that are a room of their own. */
export interface Rooms {
  /** Lowest first. A file belongs to the longest of these paths that it lies below. Imports go downwards, or stay in their room. */
  readonly order: readonly string[]
  /** Rooms in which each folder is a room of its own, and which of the others each may import. */
  readonly side: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  /** Files that their likes alone import: who wants the rest does not get them. */
  readonly apart: RegExp
}

/** The rooms of `evidence/src`. A new vendor gets its line here, with the vendors whose hardware it stands on. */
export const EVIDENCE: Rooms = {
  order: [
    'src/core',
    'src/x509',
    'src/vendors',
    'src/tables',
    'src/read',
    'src/judge.ts',
    'src/simulated.ts',
    'src/index.ts',
  ],
  side: {
    'src/vendors': {
      snp: [],
      eventlog: [],
      nitro: [],
      nvidia: [],
      // TDX guests and TPMs measure what boots into registers, and firmware keeps a log of it.
      dcap: ['eventlog'],
      tpm: ['eventlog'],
      // A report of AMD or a quote of Intel, and the quote of a virtual TPM, whose banks are those of logs.
      azure: ['snp', 'dcap', 'tpm', 'eventlog'],
    },
  },
  // What makes simulated evidence, with keys that are public, is no part of a judge.
  apart: /^src\/x509\/issue\/|^src\/(vendors\/[^/]+\/)?simulated[^/]*\.ts$/,
}

/** Every import that goes upwards or sideways, and every file that is in no room, in words. */
export function strays(sources: readonly Source[], { order, side, apart }: Rooms): readonly string[] {
  const roomOf = (path: string): string | undefined =>
    order.find((room) => path === room || path.startsWith(`${room}/`))
  /** Of a room with folders that are rooms of their own: which one; nothing for a file that all of them stand on. */
  const folderOf = (room: string, path: string): string | undefined =>
    side[room] === undefined ? undefined : /^([^/]+)\//.exec(path.slice(room.length + 1))?.[1]
  return sources.flatMap(({ path, imports }) => {
    const room = roomOf(path)
    if (room === undefined) return [`${path} is in no room: say where it belongs`]
    const folder = folderOf(room, path)
    if (folder !== undefined && side[room]?.[folder] === undefined)
      return [`${path}: ${folder} is not declared: say what it stands on`]
    return imports.flatMap((target) => {
      const aim = resolved(path, target)
      const there = aim === undefined ? undefined : roomOf(aim)
      if (aim === undefined || there === undefined) return []
      if (apart.test(aim) && !apart.test(path)) return [`${path} imports what stands apart: ${aim}`]
      if (order.indexOf(there) > order.indexOf(room)) return [`${path} imports upwards: ${aim}`]
      if (there !== room) return []
      const other = folderOf(there, aim)
      if (other === folder || other === undefined) return []
      if (folder === undefined) return [`${path} imports upwards: ${aim}`]
      return side[room]?.[folder]?.includes(other) ? [] : [`${path} imports sideways: ${aim}`]
    })
  })
}

/** Vendors and the like that stand on each other in a circle, which no table may declare. */
export function declaredCircles({ side }: Rooms): readonly string[] {
  return Object.values(side).flatMap((folders) =>
    circles(
      Object.entries(folders).map(([folder, others]) => ({
        path: `${folder}.ts`,
        imports: others.map((other) => `./${other}.js`),
      })),
    ).map((circle) => circle.join(' ')),
  )
}

/**
 * The files that import each other in a circle, imports of types included: each circle with all files that reach one another, in
 * order. A reader of one file of a circle has to read them all.
 */
export function circles(sources: readonly Source[]): readonly (readonly string[])[] {
  const known = new Set(sources.map(({ path }) => path))
  const arrows = new Map(
    sources.map(({ path, imports }) => [
      path,
      imports.flatMap((target) => resolved(path, target) ?? []).filter((aim) => known.has(aim)),
    ]),
  )
  const reached = new Map([...known].map((path) => [path, reachedFrom(path, arrows)]))
  const isMutual = (a: string, b: string): boolean =>
    (reached.get(a)?.has(b) ?? false) && (reached.get(b)?.has(a) ?? false)
  const found = [...known].sort().map((path) => [...known].filter((other) => isMutual(path, other)).sort())
  return found.filter(
    (circle, i) => circle.length > 0 && found.findIndex(([first]) => first === circle[0]) === i,
  )
}

/** All files that imports lead to, be it over others; the file itself only where it is on a circle. */
function reachedFrom(start: string, arrows: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const found = new Set<string>(arrows.get(start))
  // A set that grows while it is walked is walked to its end.
  for (const path of found) for (const next of arrows.get(path) ?? []) found.add(next)
  return found
}

/** The files outside a package that name a path inside it, in words. Paths are those of the repository. Tests' support is no inside. */
export function intruders(sources: readonly Source[], name: string): readonly string[] {
  const inside = new RegExp(`^${name}/(src|node)/`)
  return sources
    .filter(({ path }) => !path.startsWith(`${name}/`))
    .flatMap(({ path, imports }) =>
      imports
        .flatMap((target) => resolved(path, target) ?? [])
        .filter((aim) => inside.test(aim))
        .map((aim) => `${path} names ${aim}`),
    )
}

/** The file that a relative import means, as a path in its package. */
function resolved(path: string, target: string): string | undefined {
  if (!target.startsWith('.')) return undefined
  return posix.join(posix.dirname(path), target).replace(/\.js$/, '.ts')
}
