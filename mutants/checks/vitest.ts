import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Check } from '../check.js'
import type { Answer, Order } from './vitest-process.js'

/** Milliseconds after which a test counts as endless. */
const PATIENCE = 300_000

const TOO_LONG = 'it took too long'

/** Runs test files one by one, the cheapest first. */
export function vitestChecks(folder: string, file: string, tests: readonly string[]): readonly Check[] {
  return tests.map((test) => ({
    name: test,
    files: [test],
    firstFailure: () => {
      touched.add(join(folder, file))
      return run(folder, { test: join(folder, test), changed: [...touched] })
    },
  }))
}

let warm: Promise<ChildProcess> | undefined

/** What has been changed since the start, and put back or not. */
const touched = new Set<string>()

async function run(folder: string, order: Order): Promise<string | undefined> {
  warm ??= start(folder)
  const child = await warm
  child.send(order)
  const { failure } = await answerOf(child)
  if (failure === TOO_LONG) stopVitest(child)
  return failure
}

async function start(folder: string): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('vitest-process.ts', import.meta.url)), [folder], {
    cwd: folder,
    execArgv: ['--conditions=vouch:source', '--import', 'tsx'],
    env: { ...process.env, VOUCH_NO_BUILD: '1' },
    // A group of its own, so that its workers end with it.
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  process.once('exit', () => stopVitest(child))
  await once(child, 'message')
  return child
}

async function answerOf(child: ChildProcess): Promise<Answer> {
  const given = new AbortController()
  const timer = setTimeout(() => given.abort(), PATIENCE)
  try {
    const [answer] = await once(child, 'message', { signal: given.signal })
    return answer
  } catch (error) {
    if (given.signal.aborted) return { failure: TOO_LONG }
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function stopVitest(child: ChildProcess): void {
  warm = undefined
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
    process.kill(-child.pid, 'SIGKILL')
}
