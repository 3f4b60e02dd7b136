import { readdirSync, readFileSync } from 'node:fs'

// Peaks of resident memory, in bytes.

const KIB = 1024

export function nodePeak(): number {
  return process.resourceUsage().maxRSS * KIB
}

/** The peak so far of the one `bb` that this process has started. Only Linux tells; there, not to find it is an error. */
export function nativePeak(): number | undefined {
  if (process.platform !== 'linux') return undefined
  const [bb, ...others] = childProcesses().filter(isBarretenberg)
  if (bb === undefined || others.length > 0) throw new Error('exactly one bb must run while it is measured')
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${bb}/status`, 'utf8'))?.[1]
  if (peak === undefined) throw new Error('/proc/PID/status must have a line VmHWM')
  return Number(peak) * KIB
}

/** Linux lists children by the thread that started them. */
function childProcesses(): string[] {
  return readdirSync('/proc/self/task').flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  )
}

function isBarretenberg(pid: string): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('msgpack\0run')
}
