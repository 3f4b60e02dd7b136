import { failureOf, oncePer } from '@vouch/host/http'
import { assertRoom, dateOf } from '@vouch/host/node'
import type { Failure } from '@vouch/protocol'
import type { Registry } from '../../src/store.js'
import { OLDEST_HEAD } from './head-clock.js'

/** How often the disk is asked, however often strangers ask. */
const SECONDS = 5
/** How late a timer may be, and how far verifiers' clocks may be behind. */
const SLACK = 120

/** Whether a server can write to its registry, and has a head that verifiers take: everything that is in the way. */
export function readiness(
  registry: Pick<Registry, 'head' | 'assertWriter'>,
  folder: string,
  now: () => number,
): () => Promise<readonly Failure[]> {
  return oncePer(SECONDS, async () => {
    const failures: Failure[] = []
    for (const check of [() => registry.assertWriter(), () => assertRoom(folder)]) {
      await check().catch((error: unknown) => failures.push(failureOf(error)))
    }
    return [...failures, ...(await agesOf(registry, now()))]
  })
}

async function agesOf(registry: Pick<Registry, 'head'>, now: number): Promise<readonly Failure[]> {
  try {
    return ageFailures((await registry.head()).time, now)
  } catch (error) {
    return [failureOf(error)]
  }
}

function ageFailures(time: number, now: number): readonly Failure[] {
  const given = `cut at ${dateOf(time)}; it is ${dateOf(now)}`
  if (now - time > OLDEST_HEAD + SLACK)
    return [{ code: 'HEAD_TOO_OLD', rule: 'the newest head is older than half an hour', given }]
  if (time - now > SLACK)
    return [{ code: 'HEAD_FROM_FUTURE', rule: 'the newest head is from the future', given }]
  return []
}
