import type { Terminal } from '@vouch/host/node'

const PATIENCE_MS = 3000

/**
 * Ends a process that has put everything away and should have ended by itself. Hardware that never answers leaves a thread
 * in the kernel, which even an orderly exit would wait for.
 */
export function endWhateverHangs(out: Terminal): void {
  const kill = (): void => {
    out.words(`${out.program}: warning: the hardware still owes an answer: ending without it`)
    process.kill(process.pid, 'SIGKILL')
  }
  setTimeout(kill, PATIENCE_MS).unref()
}
