import fc from 'fast-check'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { shellLines, timed, WIDTH, wrapped } from '../scripts/demo/lines.js'
import { readInRepository, repositoryFiles } from './support/repository.js'

// The demo is the first thing that a reader runs, in a terminal of 80 columns.

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '')
const tooLong = (text: string): readonly string[] => text.split('\n').filter((line) => line.length > WIDTH)

/** Every text of the demo: what is in quotes, with the longest that may stand in the place of a value. */
const texts = repositoryFiles()
  .filter((path) => /^scripts\/demo\/.*\.ts$/.test(path))
  .flatMap((path) => textsOf(path))

function textsOf(path: string): readonly string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) found.push(node.text)
    if (ts.isTemplateExpression(node))
      found.push(
        node.head.text + node.templateSpans.map(({ literal }) => `0123456789abcdef…${literal.text}`).join(''),
      )
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, readInRepository(path), ts.ScriptTarget.ES2023, false))
  return found.filter((text) => text.includes(' '))
}

describe('what the demo prints', () => {
  it('fits 80 columns, with any words and any duration', () => {
    expect(texts.filter((text) => text.length > 70).length).toBeGreaterThan(3)
    expect(texts.flatMap((text) => tooLong(wrapped(text)))).toEqual([])
    expect(texts.flatMap((text) => tooLong(timed(text.replaceAll('\n', ' '), 999_999)))).toEqual([])
  })

  it('is printed through what wraps, or is a command to copy', () => {
    const printed = [...readInRepository('scripts/demo/main.ts').matchAll(/console\.log\((\w+)/g)]
    expect(printed.map(([, by]) => by)).toEqual(['wrapped', 'timed', 'shellLines'])
    const others = repositoryFiles().filter((path) => /^scripts\/demo\/(?!main).*\.ts$/.test(path))
    expect(others.filter((path) => /console\.|process\.stdout/.test(readInRepository(path)))).toEqual([])
  })

  it('keeps every word, and each line within the width', () => {
    const word = fc.string({ unit: fc.constantFrom(...'abc✓—'), minLength: 1, maxLength: 20 })
    const line = fc.tuple(fc.nat({ max: 4 }), fc.array(word, { minLength: 1, maxLength: 40 }))
    const text = fc
      .array(line, { maxLength: 4 })
      .map((lines) => lines.map(([indent, parts]) => ' '.repeat(indent) + parts.join(' ')).join('\n'))
    const holds = fc.property(text, fc.nat({ max: 999_999 }), (said, took) => {
      const one = said.replaceAll('\n', ' ').trim()
      expect(words(wrapped(said))).toEqual(words(said))
      expect(words(timed(one, took))).toEqual([...words(one), `${took}`, 'ms'])
      expect([...tooLong(wrapped(said)), ...tooLong(timed(one, took))]).toEqual([])
    })
    fc.assert(holds)
  })

  it('has commands that a shell takes whole', () => {
    expect(shellLines('bob verify b.json', ['--at 1', '--json'])).toBe(
      '  bob verify b.json \\\n    --at 1 \\\n    --json',
    )
  })
})
