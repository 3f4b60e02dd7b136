import { gzipSync } from 'node:zlib'
import { type BuildFailure, type BuildOptions, build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import config from '../vitest.config.js'
import { needs } from './support/needs.js'
import { pathInRepository, repositoryFiles, workspaces } from './support/repository.js'

/** The backend has a browser build of its own, and the page that uses it brings it along. */
const BROUGHT_ALONG: string[] = ['@aztec/bb.js', '@noir-lang/*']

describe('for a browser', () => {
  const pure = workspaces().filter((folder) => repositoryFiles().includes(`${folder}/src/index.ts`))

  it('is where at least Bob and his language must run', () => {
    expect(pure).toEqual(expect.arrayContaining(['protocol', 'verifier']))
  })

  it.each(pure)('%s bundles without anything of Node', async (folder) => {
    expect(await bundlingErrors(exporting(folder))).toEqual([])
  })

  it.each(['node:fs', 'crypto'])('an import of %s is noticed', async (builtin) => {
    expect(await bundlingErrors(`import '${builtin}'`)).toEqual([expect.stringContaining(builtin)])
  })

  it('evidence is small enough', async () => {
    const options = { ...bundle(exporting('evidence')), minify: true, external: [] }
    const [file] = (await build(options)).outputFiles
    const bytes = file?.contents ?? new Uint8Array()
    expect(bytes.length).toBeGreaterThan(50_000)
    expect(bytes.length).toBeLessThanOrEqual(250_000)
    expect(gzipSync(bytes).length).toBeLessThanOrEqual(88_000) // revocation lists of every kind cost 5 kB of it
  })

  it('evidence is judged in one, by the tests that judge it in Node', (context) => {
    needs.chromium(context)
    const projects = config.test?.projects ?? []
    const isInBrowser = projects.some(
      (project) =>
        typeof project === 'object' && 'test' in project && project.test?.browser?.enabled === true,
    )
    expect(isInBrowser).toBe(true)
  })
})

const exporting = (folder: string): string => `export * from './${folder}/src/index.ts'`

const bundle = (contents: string) =>
  ({
    stdin: { contents, resolveDir: pathInRepository('.'), loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    conditions: ['vouch:source'],
    external: BROUGHT_ALONG,
    logLevel: 'silent',
  }) as const satisfies BuildOptions

async function bundlingErrors(contents: string): Promise<readonly string[]> {
  try {
    await build(bundle(contents))
    return []
  } catch (error) {
    return (error as BuildFailure).errors.map(({ text, location }) => `${location?.file}: ${text}`)
  }
}
