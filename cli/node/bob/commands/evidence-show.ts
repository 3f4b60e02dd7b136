import { type Explained, explainFile } from '@vouch/evidence'
import { type Terminal, table } from '@vouch/host/node'
import { readEvidence } from './evidence-files.js'

/** `bob evidence show`: what evidence says, field by field, in its vendor's words. Shows; judges nothing. */
export async function showEvidenceCommand(
  out: Terminal,
  paths: readonly string[],
  json: boolean,
): Promise<number> {
  const explained = (await readEvidence(paths)).flatMap(explainFile)
  if (json) out.data(JSON.stringify(explained, null, 2))
  else out.data(explained.map(described).join('\n\n'))
  return 0
}

function described({ file, what, fields }: Explained): string {
  const rows = fields.map(({ name, offset, value, meaning = '' }) => [
    offset === undefined ? '' : `  0x${offset.toString(16).padStart(3, '0')}`,
    name,
    brief(value),
    meaning,
  ])
  return rows.length === 0 ? `${file}: ${what}` : `${file}: ${what}\n${table(rows)}`
}

/** As long as the longest measurement. */
const LONGEST = 128

const brief = (value: string): string =>
  value.length <= LONGEST ? value : `${value.slice(0, 64)}… (${value.length} characters)`
