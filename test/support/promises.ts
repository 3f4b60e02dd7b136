import { posix } from 'node:path'
import { readInRepository } from './repository.js'

/** A link to a test's file, and the test's title behind it, at the end of a cell or before the next one in it. */
const PROMISE = /\]\((\S+?\.(?:test\.ts|t\.sol|nr))\): "([^|]*?)"(?=<br>| \|)/g

/** The tests that a page names, each by its file in the repository and its title. */
export function promisesIn(page: string): readonly { readonly file: string; readonly title: string }[] {
  return [...readInRepository(page).matchAll(PROMISE)].map(([, file = '', title = '']) => ({
    file: posix.join(posix.dirname(page), file),
    title,
  }))
}

/** The rows of a page's tables that name tests. */
export const rowsWithTests = (page: string): readonly string[] =>
  readInRepository(page)
    .split('\n')
    .filter((line) => /^\| [^*-]/.test(line) && line.includes('.test.ts'))

/** The source of a test, its apostrophes as a reader sees them. */
export const sourceOf = (file: string): string => readInRepository(file).replaceAll("\\'", "'")
