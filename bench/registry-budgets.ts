import type { Budget } from './budget.js'
import type { Admitted, RegistryResults, Synced } from './registry.js'
import { median, type Results } from './results.js'

const MB = 1e6
/** The size that the promises of opening are made for. */
const PROMISED = 2 ** 20

/** What a registry of this size may take. What admitting takes hardly depends on the size. */
export function registryBudgets(leaves: number): Budget[] {
  const of = `a registry of ${leaves.toLocaleString('en-US')} leaves`
  const time = (
    name: string,
    limit: number,
    value: (registry: RegistryResults) => number | undefined,
  ): Budget => ({ name, limit, unit: 'ms', kind: 'noisy', value: ({ registry }) => value(registry) })
  return [
    time(`opening ${of}`, scaled(100, 1000, leaves), ({ open }) => median(open)),
    {
      name: `peak memory, opening ${of}`,
      value: ({ registry }: Results) =>
        registry.openPeak === undefined ? undefined : registry.openPeak / MB,
      limit: scaled(120, 300, leaves),
      unit: 'MB',
      kind: 'hard',
    },
    time('one admission: evidence, proof, durable insertion', 40, ({ admissions }) =>
      median(admissions.alone),
    ),
    time('one of many admissions at once: 100 a second', 10, ({ admissions }) => each(admissions)),
    time('a bucket of 1,024 leaves, fetched and verified', 150, ({ sync }) => eachBucket(sync)),
    time(
      `syncing ${of} when a bucket changed`,
      scaled(1000, 3000, leaves),
      ({ syncAgain }) => syncAgain.time,
    ),
  ]
}

/** The time of one admission among many at once. */
export function each({ together: { size, time } }: Admitted): number {
  return time / size
}

/** The time of one bucket when a client syncs all. */
export function eachBucket({ time, fetched }: Synced): number {
  return time / fetched
}

/** The limit for a registry of another size than the promised one: what an empty one may take, and a share of the rest. */
function scaled(empty: number, promised: number, leaves: number): number {
  return empty + (promised - empty) * (leaves / PROMISED)
}
