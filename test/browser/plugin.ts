import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vitest/config'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FILES = 'virtual:files'

/** What tests use of this machine, and what they get instead in a page. */
const STAND_INS: readonly (readonly [RegExp, string])[] = [
  [/^node:fs$/, 'test/browser/files.ts'],
  [/\/test\/support\/needs\.js$/, 'test/browser/needs.ts'],
]

/** What tests read of the environment. */
const VARIABLES = ['VOUCH_SAMPLES', 'VOUCH_FUZZ_RUNS', 'VOUCH_FUZZ_SEED', 'VOUCH_FLIP_STEP']

/** Lets tests of pure code run in a page as they are: with the files that they read, and nothing else of Node. */
export function withoutNode(): Plugin {
  const samples = process.env.VOUCH_SAMPLES
  return {
    name: 'vouch:without-node',
    enforce: 'pre',
    config: () => ({
      define: Object.fromEntries(
        VARIABLES.map((name) => [`process.env.${name}`, JSON.stringify(process.env[name]) ?? 'undefined']),
      ),
    }),
    resolveId(source) {
      if (source === FILES) return `\0${FILES}`
      const standIn = STAND_INS.find(([pattern]) => pattern.test(source))
      return standIn === undefined ? undefined : join(ROOT, standIn[1])
    },
    load(id) {
      if (id !== `\0${FILES}`) return undefined
      const found = [...simulatedKeys(), ...(samples === undefined ? [] : sampleFiles(samples))]
      return `export const FILES = ${JSON.stringify(Object.fromEntries(found.map(encoded)))}`
    },
  }
}

interface Found {
  /** As the page asks for it. */
  readonly name: string
  readonly path: string
}

function simulatedKeys(): readonly Found[] {
  const folders = readdirSync(join(ROOT, 'fixtures')).filter((name) => name.startsWith('simulated-'))
  return folders
    .flatMap((folder) =>
      readdirSync(join(ROOT, 'fixtures', folder)).map((name) => `fixtures/${folder}/${name}`),
    )
    .filter((path) => path.endsWith('.pem'))
    .map((path) => ({ name: `/${path}`, path: join(ROOT, path) }))
}

/** The files of every case: what lies beside the cases is no evidence. */
function sampleFiles(samples: string): readonly Found[] {
  if (!existsSync(samples)) return []
  const folders = (parent: string) =>
    readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${parent}/${name}`)
  return folders(samples)
    .flatMap(folders)
    .flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`))
    .map((path) => ({ name: path, path }))
}

const encoded = ({ name, path }: Found): readonly [string, string] => [name, readFileSync(path, 'base64')]
