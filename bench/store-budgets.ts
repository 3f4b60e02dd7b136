import type { Budget } from './budget.js'
import type { StoreRow } from './store.js'

/** What the store alone may take: the log before it took 14 ms for one admission, and 2 ms for one of a hundred. */
export const STORE_BUDGETS: readonly Budget[] = [
  {
    name: 'one admission in SQLite, durable',
    limit: 8,
    unit: 'ms',
    kind: 'noisy',
    value: ({ store }) => each(store.rows, 1),
  },
  {
    name: 'one of a hundred admissions at once in SQLite',
    limit: 2,
    unit: 'ms',
    kind: 'noisy',
    value: ({ store }) => each(store.rows, 100),
  },
  {
    name: 'a head that gives a place to another, each of a thousand',
    limit: 2,
    unit: 'ms',
    kind: 'noisy',
    value: ({ store }) => store.reused.refilling / store.reused.places,
  },
]

function each(rows: readonly StoreRow[], atOnce: number): number | undefined {
  const row = rows.find((one) => one.engine === 'SQLite' && one.atOnce === atOnce)
  return row && 1000 / row.rate
}
