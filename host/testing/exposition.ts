/** One series of Prometheus' text format. */
export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface MetricFamily {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly series: readonly Series[]
}

const SUFFIXES = /_(bucket|sum|count)$/

/** Reads Prometheus' text format, version 0.0.4, and throws at whatever a strict reader stumbles over. */
export function parseExposition(text: string): ReadonlyMap<string, MetricFamily> {
  if (!text.endsWith('\n')) throw new Error('the text does not end with a line feed')
  const families = new Map<string, { type: MetricFamily['type']; help: string; series: Series[] }>()
  const seen = new Set<string>()
  let name = ''
  let help = ''
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, helped, words = ''] = /^# HELP ([a-z0-9_]+) (.+)$/.exec(line) ?? []
    const [, typed = '', type = ''] = /^# TYPE ([a-z0-9_]+) (counter|gauge|histogram)$/.exec(line) ?? []
    if (helped !== undefined) {
      if (families.has(helped)) throw new Error(`a second family: ${line}`)
      name = helped
      help = words
    } else if (type !== '') {
      if (typed !== name || families.has(name)) throw new Error(`a type without its help: ${line}`)
      families.set(name, { type: type as MetricFamily['type'], help, series: [] })
    } else {
      const series = seriesOf(line)
      const family = families.get(name)
      const own = family?.type === 'histogram' ? series.name.replace(SUFFIXES, '') : series.name
      if (family === undefined || own !== name) throw new Error(`a series outside its family: ${line}`)
      const key = line.replace(/ [^ ]+$/, '')
      if (seen.has(key)) throw new Error(`a series twice: ${line}`)
      seen.add(key)
      family.series.push(series)
    }
  }
  for (const [which, { type, series }] of families) if (type === 'histogram') assertCumulative(which, series)
  return families
}

function seriesOf(line: string): Series {
  const [, name = '', , labels = '', value = ''] =
    /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? (NaN|Nan|[+-]Inf|-?[0-9][0-9.e+-]*)$/.exec(line) ?? []
  if (name === '') throw new Error(`no series: ${line}`)
  return {
    name,
    labels: labelsOf(labels),
    value: Number(value.replace('Nan', 'NaN').replace('Inf', 'Infinity')),
  }
}

function labelsOf(text: string): Readonly<Record<string, string>> {
  const found = [...text.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/g)]
  if (found.map(([whole]) => whole).join('') !== text) throw new Error(`no labels: ${text}`)
  return Object.fromEntries(found.map(([, label = '', value = '']) => [label, value]))
}

/** Each bucket holds the smaller ones, and the last of them everything. */
function assertCumulative(name: string, series: readonly Series[]): void {
  const last = new Map<string, number>()
  for (const { name: part, labels, value } of series) {
    const { le, ...others } = labels
    const key = JSON.stringify(others)
    if (part === `${name}_bucket` && value < (last.get(key) ?? 0))
      throw new Error(`${name}: a bucket shrinks at ${le}`)
    if (part === `${name}_bucket`) last.set(key, value)
    if (part === `${name}_count` && value !== last.get(key)) throw new Error(`${name}: +Inf is not the count`)
  }
}

/** The value of a series; 0 where there is none. */
export function seriesSum(
  families: ReadonlyMap<string, MetricFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const family = families.get(name) ?? families.get(name.replace(SUFFIXES, ''))
  if (family === undefined) throw new Error(`no family: ${name}`)
  const isMeant = (series: Series): boolean =>
    series.name === name && Object.entries(labels).every(([label, value]) => series.labels[label] === value)
  return family.series.filter(isMeant).reduce((sum, { value }) => sum + value, 0)
}
