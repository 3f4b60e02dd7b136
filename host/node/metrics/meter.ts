/** A metric as the code declares it. Each of its labels has a closed list of values. */
export interface Metric<Label extends string = never> {
  readonly name: string
  readonly help: string
  readonly labels?: Readonly<Record<Label, readonly string[]>>
}

export type LabelValues<Label extends string> = Readonly<Record<Label, string>>

/** What a server counts and times of itself. */
export interface Meter {
  counter<Label extends string = never>(metric: Metric<Label>): (labels: LabelValues<Label>) => void
  /** Of lengths of time, in seconds. */
  histogram<Label extends string = never>(
    metric: Metric<Label>,
  ): (labels: LabelValues<Label>, seconds: number) => void
  /** What is read when somebody asks for it. */
  gauge(metric: Metric, read: () => number | Promise<number>): void
  /** All of it in Prometheus' text format. */
  text(): Promise<string>
}

/** For a server whose operator looks at nothing. */
export const NO_METER: Meter = {
  counter: () => () => undefined,
  histogram: () => () => undefined,
  gauge: () => undefined,
  text: async () => '',
}

/** What stands in the place of a value that is not on its label's list. */
export const OTHER = 'other'

/**
 * The labels with values of their lists alone. A stranger chooses what reaches a server: a value off the list would let the stranger make
 * series without end, or have a name written where an operator shares a graph.
 */
export function closedLabels<Label extends string>(
  { labels }: Metric<Label>,
  given: LabelValues<Label>,
): Record<Label, string> {
  const lists = Object.entries(labels ?? {}) as [Label, readonly string[]][]
  const closed = lists.map(([label, list]) => [label, list.includes(given[label]) ? given[label] : OTHER])
  return Object.fromEntries(closed) as Record<Label, string>
}

/** Every combination of label values, where there are few: a counter that is not there before its first event hides that event from rates. */
export function fewCombinations<Label extends string>({
  labels,
}: Metric<Label>): readonly LabelValues<Label>[] {
  const lists = Object.entries(labels ?? {}) as [Label, readonly string[]][]
  const count = lists.reduce((product, [, list]) => product * list.length, 1)
  if (lists.length === 0 || count > FEW) return []
  return lists.reduce<Partial<Record<Label, string>>[]>(
    (made, [label, list]) => made.flatMap((one) => list.map((value) => ({ ...one, [label]: value }))),
    [{}],
  ) as LabelValues<Label>[]
}

const FEW = 256
