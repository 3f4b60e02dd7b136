import type { Budget } from './budget.js'
import type { CommandName } from './commands.js'
import type { Install } from './installs.js'
import { leastOf, type Results } from './results.js'

const MB = 1e6

/** What Bob's own program must bring along, and what people wait for before a command does anything. */
export const INSTALL_BUDGETS: readonly Budget[] = [
  {
    name: 'an install of @vouch/verifier',
    value: (results) => scaled(verifierIn(results)?.bytes, MB),
    limit: 200,
    unit: 'MB',
    kind: 'hard',
  },
  {
    name: 'an install of @vouch/verifier, counted',
    value: (results) => verifierIn(results)?.packages,
    limit: 25,
    unit: 'packages',
    kind: 'hard',
  },
  start('bob --version', 3),
  start('alice --version', 6),
  start('registrar --version', 6),
]

function verifierIn({ installs }: Results): Install | undefined {
  if (typeof installs === 'string') return undefined
  return installs.find(({ name }) => name === 'verifier')
}

/** In units of Node's own start, which a slow or busy machine stretches as well; least by least. */
function start(name: CommandName, limit: number): Budget {
  const value = (results: Results): number | undefined =>
    scaled(leastOf(results, name), leastOf(results, 'node alone'))
  return { name: `${name}, in units of Node alone`, value, limit, unit: '×', kind: 'noisy' }
}

function scaled(value: number | undefined, by: number | undefined): number | undefined {
  return value === undefined || by === undefined ? undefined : value / by
}
