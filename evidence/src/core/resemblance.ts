/** What may stand at a place: one byte, or those of which something holds. */
export type Mark = number | ((byte: number) => boolean)

/** How bytes of a kind begin. */
export type Beginning = ArrayLike<Mark>

/**
 * Whether bytes begin like this, but for one place at most. A file that nothing recognises changes no verdict, and a copy of it
 * may lie in another: so damage to one byte must not be enough to hide what a file is.
 */
export function beginsLike(bytes: Uint8Array, beginning: Beginning): boolean {
  let wrong = 0
  for (let i = 0; i < beginning.length; i++) {
    if (!isThere(beginning[i], bytes[i])) wrong++
    if (wrong > 1) return false
  }
  return true
}

const isThere = (mark: Mark | undefined, byte: number | undefined): boolean =>
  typeof mark === 'function' ? byte !== undefined && mark(byte) : mark === byte

/** Whether all of these hold but one at most: so that damage to one leaves the others. */
export const allButOne = (marks: readonly boolean[]): boolean => marks.filter((holds) => !holds).length <= 1

/** As far as it takes to tell a text from what is none. */
const GLANCE = 256

/** Whether bytes may be a text, one of which is damaged at most: a binary file has many zeros, and may be too long to search. */
export function mayBeText(bytes: Uint8Array): boolean {
  let zeros = 0
  for (let i = 0; i < bytes.length && i < GLANCE && zeros < 2; i++) if (bytes[i] === 0) zeros++
  return zeros < 2
}
