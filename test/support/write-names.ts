import { writeFileSync } from 'node:fs'
import { publicEntries, publicNames } from './public-names.js'
import { pathInRepository } from './repository.js'

// `npm run names`: writes the list of public names anew, for a person to read in the change.

const WIDTH = 112

function wrapped(names: readonly string[]): string {
  const lines = [' ']
  for (const name of names) {
    const line = lines.at(-1) ?? ''
    if (line.length + 1 + name.length > WIDTH) lines.push(`  ${name}`)
    else lines[lines.length - 1] = `${line} ${name}`
  }
  return lines.join('\n')
}

const sections = publicEntries().map(({ entry, file }) => {
  const names = [...publicNames(file)].map((name) => [name.toLowerCase(), name] as const).sort()
  return `${entry}\n${wrapped(names.map(([, name]) => name))}\n`
})
writeFileSync(pathInRepository('test/api.txt'), sections.join('\n'))
