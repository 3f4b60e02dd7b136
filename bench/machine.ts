import { arch, availableParallelism, cpus, platform } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly platform: string
  readonly node: string
  /** The share of the machine that other work took just before the run, and just after: above 0.05, times are too long. */
  readonly busyBefore: number
  readonly busyAfter: number
}

export function describeMachine(busyBefore: number, busyAfter: number): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown processor',
    cores: availableParallelism(),
    platform: `${platform()} ${arch()}`,
    node: process.versions.node,
    busyBefore,
    busyAfter,
  }
}

const WATCHED_MS = 2000

/** How busy the machine is while this process sleeps. The load average would still speak of the last minute. */
export async function otherWork(): Promise<number> {
  const before = coreTimes()
  await sleep(WATCHED_MS)
  const after = coreTimes()
  return (after.busy - before.busy) / (after.all - before.all)
}

function coreTimes(): { readonly busy: number; readonly all: number } {
  const times = cpus().map((core) => core.times)
  const idle = times.reduce((sum, core) => sum + core.idle, 0)
  const all = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0)
  return { busy: all - idle, all }
}
