import { type BuildFailure, type BuildOptions, build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { pathInRepository, repositoryFiles, workspaces } from './support/repository.js'

/** The backend has a browser build of its own, and the page that uses it brings it along. */
const BROUGHT_ALONG = ['@aztec/bb.js', '@noir-lang/*']

describe('for a browser', () => {
  const pure = workspaces().filter((folder) => repositoryFiles().includes(`${folder}/src/index.ts`))

  it('is where at least Bob and his language must run', () => {
    expect(pure).toEqual(expect.arrayContaining(['protocol', 'verifier']))
  })

  it.each(pure)('%s bundles without anything of Node', async (folder) => {
    expect(await bundlingErrors(`export * from './${folder}/src/index.ts'`)).toEqual([])
  })

  it.each(['node:fs', 'crypto'])('an import of %s is noticed', async (builtin) => {
    expect(await bundlingErrors(`import '${builtin}'`)).toEqual([expect.stringContaining(builtin)])
  })
})

async function bundlingErrors(contents: string): Promise<readonly string[]> {
  const options: BuildOptions = {
    stdin: { contents, resolveDir: pathInRepository('.'), loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    conditions: ['vouch:source'],
    external: BROUGHT_ALONG,
    logLevel: 'silent',
  }
  try {
    await build(options)
    return []
  } catch (error) {
    return (error as BuildFailure).errors.map(({ text, location }) => `${location?.file}: ${text}`)
  }
}
