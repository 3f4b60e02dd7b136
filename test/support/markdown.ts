import { posix } from 'node:path'

/** The cells of every table row whose first cell is a word in backticks. */
export function rowsByCode(markdown: string): readonly (readonly string[])[] {
  return markdown
    .split('\n')
    .filter((line) => /^\|\s*`[A-Z_]+`\s*\|/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map((cells) => cells.slice(1, -1))
}

/** Where the relative links of a page lead, as paths from the root of the repository, with their anchors. */
export function relativeLinks(page: string, markdown: string): readonly { path: string; anchor: string }[] {
  const targets = [...withoutCode(markdown).matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm)]
  return targets
    .map(([, inline, reference]) => inline ?? reference ?? '')
    .filter((target) => !/^[a-z]+:/i.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#')
      return { path: path === '' ? page : posix.join(posix.dirname(page), decodeURI(path)), anchor }
    })
}

/** The anchors that code forges give to headings: lower case, spaces to hyphens, punctuation gone, repeats numbered. */
export function anchors(markdown: string): ReadonlySet<string> {
  const found = new Set<string>()
  for (const [, heading = ''] of withoutFences(markdown).matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm)) {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-')
    let anchor = slug
    for (let repeat = 1; found.has(anchor); repeat++) anchor = `${slug}-${repeat}`
    found.add(anchor)
  }
  return found
}

/** Every block of code, and what it is said to be. */
export const fencesIn = (markdown: string): readonly { readonly kind: string; readonly text: string }[] =>
  [...markdown.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, kind = '', text = '']) => ({
    kind,
    text,
  }))

/** Calls in backticks whose arguments are names: how a page writes a signature. */
export const signaturesIn = (
  markdown: string,
): readonly { readonly name: string; readonly parameters: string }[] =>
  [...withoutFences(markdown).matchAll(/`(\w+)\(((?:\w+\??)(?:, \w+\??)*)?\)`/g)].map(
    ([, name = '', parameters = '']) => ({ name, parameters }),
  )

/** What a reader runs who copies every block of shell below a heading, in order. */
export function shellUnder(heading: string, markdown: string): string {
  const [, section = ''] = markdown.split(`\n## ${heading}\n`)
  const [own = ''] = section.split(/^## /m)
  return [...own.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block).join('\n')
}

/** The blocks of YAML of a page, in order. */
export function yamlBlocks(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)
}

/** The scripts that a page tells its reader to run. */
export function scriptsNamed(markdown: string): readonly string[] {
  const run = [...markdown.matchAll(/\bnpm run ([a-z][\w:-]*)/g)].map(([, script = '']) => script)
  return /\bnpm test\b/.test(markdown) ? [...run, 'test'] : run
}

function withoutFences(markdown: string): string {
  return markdown.replace(/^(```|~~~)[\s\S]*?^\1/gm, '')
}

function withoutCode(markdown: string): string {
  return withoutFences(markdown).replace(/`[^`\n]*`/g, '')
}
