// What the demo prints fits a terminal of the usual width.

export const WIDTH = 80

/** Breaks each line at spaces where it is too long, and goes on under its beginning. A word that is longer stays whole. */
export function wrapped(text: string, width = WIDTH): string {
  return text
    .split('\n')
    .flatMap((line) => wrappedLine(line, width))
    .join('\n')
}

/** What was done and how long it took, in columns. */
export function timed(text: string, milliseconds: number): string {
  const took = `${Math.round(milliseconds)} ms`.padStart(10)
  const lines = wrappedLine(`  ${text}`, WIDTH - took.length)
  const last = lines.pop() ?? ''
  return [...lines, `${last.padEnd(WIDTH - took.length)}${took}`].join('\n')
}

/** A command line for a shell, an option to a line. */
export const shellLines = (command: string, options: readonly string[]): string =>
  [`  ${command}`, ...options.map((option) => `    ${option}`)].join(' \\\n')

function wrappedLine(line: string, width: number): string[] {
  const indent = /^\s*/.exec(line)?.[0] ?? ''
  const lines: string[] = []
  let current = indent
  for (const word of line.trim().split(' ')) {
    const isFirst = current.trim() === ''
    if (!isFirst && current.length + 1 + word.length > width) {
      lines.push(current)
      current = `${indent}  ${word}`
    } else current += isFirst ? word : ` ${word}`
  }
  return [...lines, current]
}
