import { type Judged, NOISE, type Outcome } from './budgets.js'
import type { Subject } from './evidence.js'
import { least } from './evidence-budgets.js'
import { each, eachBucket } from './registry-budgets.js'
import { median, type Results } from './results.js'

/** The results for a person, as tables that a page can take as they are. */
export function report(results: Results, judged: readonly Judged[]): string {
  const { date, machine } = results
  const { cores, processor, platform, node, busyBefore, busyAfter } = machine
  const others = `other work ${percent(busyBefore)} before, ${percent(busyAfter)} after`
  return [
    `${date}: ${cores} × ${processor}, ${platform}, Node ${node}; ${others}`,
    section('Circuits', circuits(results)),
    section('Proving and verifying: median milliseconds; MB', proving(results)),
    section('Registry', registry(results)),
    section('Store: admissions a second, found good already', store(results)),
    section('Evidence: processor time', evidence(results)),
    section('Whole commands: milliseconds', commands(results)),
    section('Sizes', sizes(results)),
    section('Installs', installs(results)),
    section('Budgets', budgets(judged)),
  ].join('\n\n')
}

type Rows = readonly (readonly string[])[]

function circuits({ manifest, ecdsaGates }: Results): Rows {
  return [
    ['circuit', 'gates', 'of', 'extent', 'of', 'proof'],
    ...manifest.circuits.map(({ name, gates, extent, budget, proofBytes }) => [
      name,
      ...[gates, budget.gates, extent, budget.extent, proofBytes].map(whole),
    ]),
    ['bare ECDSA', whole(ecdsaGates), '', '', '', ''],
  ]
}

function proving(results: Results): Rows {
  const heading = ['engine', 'threads', 'circuit', 'witness', 'prove', 'verify']
  return [
    [...heading, 'cold prove', 'cold verify', 'node peak', 'bb peak'],
    ...results.proving.map(({ engine, circuit, samples, nodePeak, nativePeak }) => [
      engine.kind,
      String(engine.threads),
      circuit,
      precise(median(samples.witness)),
      whole(median(samples.prove)),
      precise(median(samples.verify)),
      whole(median(samples.coldProve)),
      whole(median(samples.coldVerify)),
      megabytes(nodePeak),
      megabytes(nativePeak),
    ]),
  ]
}

function registry({ registry }: Results): Rows {
  const { leaves, open, openPeak, servePeak, sync, syncAgain, admissions } = registry
  const of = `${whole(leaves)} leaves`
  const rate = 1000 / each(admissions)
  return [
    ['what', 'measured', 'unit'],
    [`opening ${of}, median of ${open.length}`, whole(median(open)), 'ms'],
    ['peak memory by then', megabytes(openPeak), 'MB'],
    ['peak memory of registrar serve, all its leaves shown', megabytes(servePeak), 'MB'],
    [`one admission, median of ${admissions.alone.length}`, precise(median(admissions.alone)), 'ms'],
    [`admissions, ${admissions.together.size} at once`, whole(rate), 'a second'],
    [`registrar sync of ${sync.fetched} buckets`, whole(sync.time), 'ms'],
    ['of it a bucket', precise(eachBucket(sync)), 'ms'],
    [`registrar sync again, ${syncAgain.fetched} of ${syncAgain.buckets} new`, whole(syncAgain.time), 'ms'],
  ]
}

function store({ store }: Results): Rows {
  const { places, emptying, refilling } = store.reused
  return [
    ['engine', 'processes', 'at once', 'a second'],
    ...store.rows.map(({ engine, processes, atOnce, rate }) => [
      engine,
      String(processes),
      String(atOnce),
      whole(rate),
    ]),
    ['', '', '', ''],
    ['heads, ms', '', 'places', ''],
    ['emptying', '', whole(places), whole(emptying)],
    ['given to others', '', whole(places), whole(refilling)],
  ]
}

function evidence({ evidence }: Results): Rows {
  const heading = ['judged', 'ms, least', 'ms, median', 'a second']
  if (typeof evidence === 'string') return [heading, [evidence, '', '', '']]
  return [
    heading,
    ...(Object.keys(evidence) as Subject[]).map((subject) => {
      const time = least(evidence, subject)
      const rate = time === undefined ? undefined : 1000 / time
      return [subject, precise(time), precise(median(evidence[subject])), whole(rate)]
    }),
  ]
}

function commands(results: Results): Rows {
  return [
    ['command', 'median', 'least', 'most'],
    ...results.commands.map(({ name, samples }) => [
      name,
      ...[median(samples), Math.min(...samples), Math.max(...samples)].map(whole),
    ]),
  ]
}

function sizes(results: Results): Rows {
  return [['what', 'bytes'], ...results.sizes.map(({ name, bytes }) => [name, whole(bytes)])]
}

function installs({ installs }: Results): Rows {
  const heading = ['installed alone', 'packages', 'MB']
  if (typeof installs === 'string') return [heading, [installs, '', '']]
  return [
    heading,
    ...installs.map(({ name, packages, bytes }) => [`@vouch/${name}`, whole(packages), megabytes(bytes)]),
  ]
}

function budgets(judged: readonly Judged[]): Rows {
  return [
    ['budget', 'measured', 'limit', 'unit', 'kind', ''],
    ...judged.map(({ name, value, limit, unit, kind, outcome }) => [
      name,
      limit < 10 ? precise(value) : whole(value),
      limit < 10 ? precise(limit) : whole(limit),
      unit,
      kind,
      WORDS[outcome],
    ]),
  ]
}

const WORDS: Readonly<Record<Outcome, string>> = {
  held: 'held',
  over: `over, not ${NOISE}-fold`,
  broken: 'BROKEN',
  'not measured': 'not measured here',
}

/** A heading and a table, the first column as wide as it needs to be and numbers to the right. */
function section(title: string, rows: Rows): string {
  const [heading = [], ...body] = rows
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const isNumeric = heading.map((_, column) => body.every((row) => /^[\d.,]*$/.test(row[column] ?? '')))
  const line = (row: readonly string[]) => {
    const cells = widths.map((width, i) => row[i]?.[isNumeric[i] ? 'padStart' : 'padEnd'](width) ?? '')
    return `| ${cells.join(' | ')} |`
  }
  const rule = widths.map((width, i) => (isNumeric[i] ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2)))
  return [`## ${title}`, '', line(heading), `|${rule.join('|')}|`, ...body.map(line)].join('\n')
}

const percent = (share: number): string => `${Math.round(share * 100)} %`
const whole = (value: number | undefined): string => shownWith(0, value)
const megabytes = (bytes: number | undefined): string => whole(bytes === undefined ? undefined : bytes / 1e6)
const precise = (value: number | undefined): string => shownWith(2, value)

function shownWith(digits: number, value: number | undefined): string {
  const form = { minimumFractionDigits: digits, maximumFractionDigits: digits }
  return value === undefined ? '' : value.toLocaleString('en-US', form)
}
