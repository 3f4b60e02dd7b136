import { existsSync } from 'node:fs'
import { KINDS } from '@vouch/evidence'
import { EXIT_OF } from '@vouch/protocol'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { anchors, relativeLinks, rowsByCode, scriptsNamed, shellUnder } from './support/markdown.js'
import { pathInRepository, readInRepository, readManifest, repositoryFiles } from './support/repository.js'

const pages = repositoryFiles().filter((path) => path.endsWith('.md'))

describe('docs/exit-codes.md', () => {
  const rows = rowsByCode(readInRepository('docs/exit-codes.md'))

  it('has one row for each code, and none for another', () => {
    expect(rows.map(([code]) => code).sort()).toEqual(Object.keys(EXIT_OF).sort())
  })

  it('gives each code the status that commands end with', () => {
    expect(Object.fromEntries(rows.map(([code, exit]) => [code, Number(exit)]))).toEqual(EXIT_OF)
  })

  it('has a test for each row', () => {
    const asserted = new Set(repositoryFiles().filter(assertsCodes).flatMap(stringsIn))
    expect(Object.keys(EXIT_OF).filter((code) => !asserted.has(code))).toEqual([])
  })
})

/** Tests with their tables; the vectors of refusals are such a table, one refusal to a file. */
function assertsCodes(path: string): boolean {
  return /^[^/]+\/test\/.*\.ts$/.test(path) || /^fixtures\/vectors\/refused\/.*\.json$/.test(path)
}

/** The string literals of a file: a code in a comment asserts nothing. */
function stringsIn(path: string): readonly string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) found.push(node.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, readInRepository(path), ts.ScriptTarget.ES2023, false))
  return found
}

describe('the documentation', () => {
  it('links to what is there', () => {
    const links = pages.flatMap((page) =>
      relativeLinks(page, readInRepository(page)).map((link) => ({ page, ...link })),
    )
    const broken = links.filter(({ path, anchor }) => !leadsSomewhere(path, anchor))
    expect(broken.map(({ page, path, anchor }) => `${page}: ${path}#${anchor}`)).toEqual([])
  })

  it('names only scripts that exist', () => {
    const { scripts = {} } = readManifest('.')
    const unknown = pages.flatMap((page) =>
      scriptsNamed(readInRepository(page))
        .filter((script) => scripts[script] === undefined)
        .map((script) => `${page}: npm run ${script}`),
    )
    expect(unknown).toEqual([])
  })
})

/** What each genuine kind of evidence is called where all are listed. A kind that has no line here does not compile. */
const FAMILIES: Readonly<Record<Exclude<keyof typeof KINDS, `simulated-${string}`>, readonly string[]>> = {
  'sev-snp': ['SEV-SNP'],
  tdx: ['TDX'],
  sgx: ['SGX'],
  'aws-nitro': ['Nitro'],
  tpm: ['TPM'],
  'azure-snp': ['Azure', 'SNP'],
  'azure-tdx': ['Azure', 'TDX'],
  'nvidia-gpu': ['NVIDIA'],
}

describe('the README', () => {
  it.each(['README.md', 'CHANGELOG.md'])('says which hardware is known: %s', (page) => {
    const text = readInRepository(page)
    const said = page === 'README.md' ? (/^\| \[`@vouch\/evidence`\].*$/m.exec(text)?.[0] ?? '') : text
    expect(Object.keys(FAMILIES).sort()).toEqual(
      Object.entries(KINDS)
        .flatMap(([kind, { simulated }]) => (simulated ? [] : [kind]))
        .sort(),
    )
    for (const names of Object.values(FAMILIES)) for (const name of names) expect(said).toContain(name)
  })
})

function leadsSomewhere(path: string, anchor: string): boolean {
  if (path.startsWith('..') || !existsSync(pathInRepository(path))) return false
  return anchor === '' || !path.endsWith('.md') || anchors(readInRepository(path)).has(anchor)
}

describe('the reader of pages', () => {
  it('finds links in prose, and none in code', () => {
    const page =
      '[a](b.md#c) ![d](../e.png "title") [f](https://g) `[h](i)`\n[j]: k.md\n```\n[l](m)\n```\n[n](#o)'
    expect(relativeLinks('docs/page.md', page)).toEqual([
      { path: 'docs/b.md', anchor: 'c' },
      { path: 'e.png', anchor: '' },
      { path: 'docs/k.md', anchor: '' },
      { path: 'docs/page.md', anchor: 'o' },
    ])
  })

  it('makes anchors of headings', () => {
    expect([...anchors('# The `P2` sponge\n## A, b & c\n## Same\n## Same\n```\n# not one\n```\n')]).toEqual([
      'the-p2-sponge',
      'a-b--c',
      'same',
      'same-1',
    ])
  })

  it('finds the shell of a section, all of it, and nothing else', () => {
    const page = '\n## A\n```sh\none\n```\n```ts\nx\n```\n```sh\ntwo\n```\n## B\n```sh\nthree\n```\n'
    expect(shellUnder('A', page)).toBe('one\n\ntwo\n')
  })

  it('finds scripts and rows', () => {
    expect(scriptsNamed('`npm run part:of-it`, then npm test.')).toEqual(['part:of-it', 'test'])
    expect(rowsByCode('| code | exit |\n| --- | --- |\n| `A_B` | 4 | when |\n| 0 | x |')).toEqual([
      ['A_B', '4', 'when'],
    ])
  })
})
