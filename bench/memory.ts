import { readdirSync, readFileSync } from 'node:fs'

// Peaks of resident memory, in bytes.

const KIB = 1024

/**
 * The peak so far of a process. Only Linux tells; there, not to find it is an error. What `getrusage` says would not do: a new
 * process starts with the peak of the one that made it.
 */
export function peakOf(pid: number | 'self'): number | undefined {
  if (process.platform !== 'linux') return undefined
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (peak === undefined) throw new Error('/proc/PID/status must have a line VmHWM')
  return Number(peak) * KIB
}

/** The peak so far of this process: an upper bound where only `getrusage` tells. */
export function nodePeak(): number {
  return peakOf('self') ?? process.resourceUsage().maxRSS * KIB
}

/** The peak so far of the one `bb` that this process has started. */
export function nativePeak(): number | undefined {
  if (process.platform !== 'linux') return undefined
  const [bb, ...others] = childProcesses().filter(isBarretenberg)
  if (bb === undefined || others.length > 0) throw new Error('exactly one bb must run while it is measured')
  return peakOf(bb)
}

/** Linux lists children by the thread that started them. */
function childProcesses(): number[] {
  return readdirSync('/proc/self/task').flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
}

function isBarretenberg(pid: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('msgpack\0run')
}
