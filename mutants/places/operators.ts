/** A comparison, and the one that differs from it at the border alone. */
export const BORDERS: Readonly<Record<string, string>> = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' }

/** A truth, and the other one. */
export const LITERALS: Readonly<Record<string, string>> = { true: 'false', false: 'true' }
