import { FILES } from 'virtual:files'

// `node:fs` as far as tests of pure code read files: those that the page brought along, by path.

const decoded = new Map<string, Uint8Array>()

export function readFileSync(place: string | URL): Uint8Array
export function readFileSync(place: string | URL, encoding: 'utf8'): string
export function readFileSync(place: string | URL, encoding?: 'utf8'): Uint8Array | string {
  const path = pathOf(place)
  const bytes = decoded.get(path) ?? decode(path)
  decoded.set(path, bytes)
  return encoding === undefined ? bytes.slice() : new TextDecoder().decode(bytes)
}

export function readdirSync(folder: string): string[] {
  const below = Object.keys(FILES).filter((path) => path.startsWith(`${folder}/`))
  return [...new Set(below.map((path) => path.slice(folder.length + 1).split('/')[0] ?? ''))]
}

export function existsSync(path: string): boolean {
  return Object.keys(FILES).some((known) => known === path || known.startsWith(`${path}/`))
}

const pathOf = (place: string | URL): string => (typeof place === 'string' ? place : place.pathname)

function decode(path: string): Uint8Array {
  const base64 = FILES[path]
  if (base64 === undefined) throw new Error(`${path} was not brought along: see test/browser/plugin.ts`)
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
}
