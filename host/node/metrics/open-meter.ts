import { closedLabels, fewCombinations, type Meter } from './meter.js'

/** Upper ends of the buckets that times are sorted into: from a read in memory to the slowest hardware. */
const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** The name by which a user's OpenTelemetry provider knows what comes from here. */
const SCOPE = 'vouch'

/**
 * A meter with its own registry, which knows the process too. OpenTelemetry hears the same where the user has set up a provider before the
 * program starts (`node --import`); else its API does nothing. Both libraries are loaded here, since most commands count nothing.
 */
export async function openMeter(): Promise<Meter> {
  const [prometheus, { metrics }] = await Promise.all([import('prom-client'), import('@opentelemetry/api')])
  const registry = new prometheus.Registry()
  const telemetry = metrics.getMeter(SCOPE)
  prometheus.collectDefaultMetrics({ register: registry })
  const declared = { registers: [registry] }
  const made = new Map<string, unknown>()
  /** Two servers of one service count the same thing in one place. */
  const once = <Instrument>(name: string, make: () => Instrument): Instrument => {
    const instrument = (made.get(name) as Instrument | undefined) ?? make()
    made.set(name, instrument)
    return instrument
  }

  return {
    counter(metric) {
      const { name, help } = metric
      const labelNames = Object.keys(metric.labels ?? {})
      const counter = once(name, () => new prometheus.Counter({ name, help, labelNames, ...declared }))
      const sent = telemetry.createCounter(name.replace(/_total$/, ''), { description: help })
      for (const labels of fewCombinations(metric)) counter.inc(labels, 0)
      return (given) => {
        const labels = closedLabels(metric, given)
        counter.inc(labels)
        sent.add(1, labels)
      }
    },
    histogram(metric) {
      const { name, help } = metric
      const labelNames = Object.keys(metric.labels ?? {})
      const settings = { name, help, labelNames, buckets: BUCKETS, ...declared }
      const histogram = once(name, () => new prometheus.Histogram(settings))
      const sent = telemetry.createHistogram(name, { description: help, unit: 's' })
      for (const labels of fewCombinations(metric)) histogram.zero(labels)
      return (given, seconds) => {
        const labels = closedLabels(metric, given)
        histogram.observe(labels, seconds)
        sent.record(seconds, labels)
      }
    },
    gauge({ name, help }, read) {
      // One that cannot be read is no number, and hides none of the others.
      const readNow = async (): Promise<number> => read()
      const readOrNone = (): Promise<number> => readNow().catch(() => Number.NaN)
      if (made.has(name)) return // a second server of one program has gauges of its own, and they would hide the first one's
      made.set(name, read)
      new prometheus.Gauge({
        ...{ name, help, ...declared },
        async collect() {
          this.set(await readOrNone())
        },
      })
      telemetry
        .createObservableGauge(name, { description: help })
        .addCallback(async (result) => result.observe(await readOrNone()))
    },
    text: () => registry.metrics(),
  }
}
