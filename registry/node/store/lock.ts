import { randomUUID } from 'node:crypto'
import { link, readdir, readFile, readlink, rm, truncate, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { parseJson, shown, textOf, VouchError } from '@vouch/protocol'

/** Who writes to a registry. */
interface Holder {
  readonly pid: number
  readonly host: string
  /** When it took the lock, as a date for people. */
  readonly since: string
  /** When the process started, as its machine counts: another process may have been given its number since. */
  readonly started: string
  /** The namespace in which `pid` names it: two containers share a host's name, and not its numbers. */
  readonly namespace: string
}

export interface Lock {
  /** Refuses to go on once somebody deleted the lock, or took it over. */
  assertHeld(): Promise<void>
  release(): Promise<void>
}

const NAME = /^lock\.(\d{1,15})$/

/**
 * Makes this process the one writer of a folder. Locks are numbered files, and who made the highest holds it; an empty one was
 * released. A dead process's lock is followed by the next number, never deleted first: two who find it dead at the same
 * time then ask for one and the same name, and the file system gives it to one of them.
 */
export async function takeLock(folder: string, now: number): Promise<Lock> {
  const highest = Math.max(0, ...(await numbers(folder)))
  if (highest > 0) await refuseWhileHeld(join(folder, `lock.${highest}`))
  const mine = highest + 1
  const path = join(folder, `lock.${mine}`)
  const content = JSON.stringify(await self(now))
  if (!(await makeWhole(folder, path, content))) return takeLock(folder, now)
  const all = await numbers(folder)
  if (all.some((number) => number > mine)) {
    await rm(path, { force: true })
    return takeLock(folder, now)
  }
  for (const number of all) if (number < mine) await rm(join(folder, `lock.${number}`), { force: true })
  return heldLock(folder, mine, content)
}

function heldLock(folder: string, number: number, content: string): Lock {
  const path = join(folder, `lock.${number}`)
  const isMine = async (): Promise<boolean> => (await readFile(path, 'utf8').catch(unlessGone)) === content
  return {
    assertHeld: async () => {
      if ((await isMine()) && Math.max(...(await numbers(folder))) === number) return
      throw new VouchError('LOCKED', {
        rule: 'a registry must have one writer at a time',
        given: `lock.${number}, which this process had, is gone or followed by another`,
        hint: 'end this process; open the registry again when no other writes to it',
      })
    },
    release: async () => {
      if (await isMine()) await truncate(path, 0).catch(unlessGone)
    },
  }
}

async function numbers(folder: string): Promise<readonly number[]> {
  return (await readdir(folder)).flatMap((name) => Number(NAME.exec(name)?.[1] ?? Number.NaN) || [])
}

/** Makes the file with its content, or not at all; says whether the name was free. */
async function makeWhole(folder: string, path: string, content: string): Promise<boolean> {
  const draft = join(folder, `.lock-${randomUUID()}`)
  try {
    await writeFile(draft, content, { mode: 0o600, flag: 'wx' })
    await link(draft, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

async function refuseWhileHeld(path: string): Promise<void> {
  const content = await readFile(path).catch(() => new Uint8Array())
  if (content.length === 0) return // released, or gone since: whoever made a higher one is found by the next look
  const holder = holderIn(content)
  if (holder !== undefined && !(await isAlive(holder))) return
  const { pid, host, since } = holder ?? { pid: '?', host: '?', since: '?' }
  throw new VouchError('LOCKED', {
    rule: 'a registry must have one writer at a time',
    given: `process ${pid} on ${host} has it since ${since}`,
    hint: `end that process; if it is gone with its machine or container, delete ${path}`,
  })
}

function holderIn(content: Uint8Array): Holder | undefined {
  try {
    const json = parseJson(textOf(content))
    if (!(json instanceof Map)) return undefined
    const [pid, host, since, started, namespace] = ['pid', 'host', 'since', 'started', 'namespace'].map(
      (name) => json.get(name),
    )
    if (typeof pid !== 'number' || typeof host !== 'string') return undefined
    const own = { since: String(since), started: String(started), namespace: String(namespace) }
    return { pid, host: shown(host).slice(1, -1), ...own }
  } catch {
    return undefined
  }
}

/** Of a process on another machine, or in another namespace, nobody here can tell, so it counts as alive. */
async function isAlive({ pid, host, started, namespace }: Holder): Promise<boolean> {
  if (host !== hostname() || namespace !== (await namespaceHere())) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
  return (await startOf(pid)) === started
}

async function self(now: number): Promise<Holder & { readonly id: string }> {
  const since = new Date(now * 1000).toISOString().replace('.000Z', 'Z')
  return {
    pid: process.pid,
    host: hostname(),
    since,
    started: await startOf(process.pid),
    namespace: await namespaceHere(),
    id: randomUUID(),
  }
}

/** What the system calls the namespace of process numbers; empty where it has none. */
const namespaceHere = (): Promise<string> => readlink('/proc/self/ns/pid').catch(() => '')

/** A lock that somebody deleted is released. */
function unlessGone(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}

/** Boot of the machine and start of the process since then; empty where the system does not tell. */
async function startOf(pid: number): Promise<string> {
  try {
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
    const afterName = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ').at(-1) ?? ''
    const [state, ...rest] = afterName.split(' ')
    return state === 'Z' ? 'ended, not yet collected' : `${boot} ${rest[18]}`
  } catch {
    return ''
  }
}
