import type { Change, Edit } from '../mutant.js'

/** A comparison, and the one that differs from it at the border alone. */
export const BORDERS: Readonly<Record<string, string>> = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' }

/** A truth, and the other one. */
export const LITERALS: Readonly<Record<string, string>> = { true: 'false', false: 'true' }

/** `a && b && c` without one of its operands, each in turn. */
export function withoutOne(
  operands: readonly string[],
  sign: string,
  { start, end }: Omit<Edit, 'text'>,
): readonly Change[] {
  return operands.map((left, i) => {
    const text = operands.filter((_, at) => at !== i).join(` ${sign} `)
    return { operator: `without ${left.replace(/\s+/g, ' ')}`, start, end, text, shown: '' }
  })
}
