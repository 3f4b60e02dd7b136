import { VouchError } from './errors.js'

/** The error of an operation that its caller has given up. */
export const cancelled = (): VouchError =>
  new VouchError('CANCELLED', { rule: 'the operation was cancelled by its caller' })

/** Refuses to go on with what its caller has given up. */
export function assertWanted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled()
}
