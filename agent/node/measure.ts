import { dirname } from 'node:path'
import { osImageHash, VouchError } from '@vouch/protocol'
import type { ExpectedService } from '../src/index.js'
import type { Closure } from '../src/store/closure.js'
import { type ConfigurationFile, closurePaths } from './configuration-file.js'
import { assertOwnFolder } from './sockets/folder.js'
import { ownUid, uidOf } from './sockets/users.js'
import { hashClosure, programIn } from './store/hash-store.js'

/** What a configuration amounts to on this machine: hashes of what is there, and folders that are as they must be. */
export interface Measured {
  readonly osImageHash: Uint8Array
  readonly services: readonly ExpectedService[]
}

/** Files that this process runs from: its interpreter and its own code. */
export const RUNS_FROM: readonly string[] = [process.execPath, import.meta.filename]

/** Checks folders first, which is quick, then hashes what the guest runs from. */
export async function measure(
  file: ConfigurationFile,
  runsFrom: readonly string[] = RUNS_FROM,
): Promise<Measured> {
  await checkFolders(file)
  const { plan } = file
  const closure = await closureOf(file)
  if (closure !== undefined && !plan.simulated) assertRunsFrom(closure, plan.closure?.store ?? '', runsFrom)
  const services: ExpectedService[] = []
  for (const { code, name, instance, profile, endpoint } of plan.services) {
    services.push({
      name,
      instance,
      profile,
      endpoint,
      drv: await drvIn(closure, plan.closure?.store ?? '', code),
    })
  }
  return { osImageHash: imageOf(file, closure), services }
}

async function closureOf(file: ConfigurationFile): Promise<Closure | undefined> {
  const { closure } = file.plan
  if (closure === undefined) return undefined
  return hashClosure(closure.store, await closurePaths(closure.paths, file), closure.mentions)
}

function imageOf({ bytes, plan }: ConfigurationFile, closure: Closure | undefined): Uint8Array {
  if (plan.statedImage !== undefined) return plan.statedImage
  if (closure !== undefined) return osImageHash(closure.entries, bytes)
  throw new VouchError('INTERNAL', { rule: 'a sound configuration must have an image' })
}

async function drvIn(
  closure: Closure | undefined,
  store: string,
  code: { readonly program: string } | { readonly drv: Uint8Array },
): Promise<Uint8Array> {
  if ('drv' in code) return code.drv
  if (closure === undefined) throw new VouchError('INTERNAL', { rule: 'a program must have a closure' })
  const { name, program } = await programIn(store, code.program, closure)
  return closure.drvOf(name, program)
}

/** An agent that runs from elsewhere would put the hash of one image into the evidence of another. */
function assertRunsFrom(closure: Closure, store: string, runsFrom: readonly string[]): void {
  const outside = runsFrom.filter(
    (path) => !closure.entries.some(({ name }) => path.startsWith(`${store}/${name}/`)),
  )
  if (outside.length === 0) return
  throw new VouchError('CLOSURE_OPEN', {
    rule: 'the closure must hold the agent itself, its interpreter included',
    given: outside.join(', '),
  })
}

/** Each socket's folder belongs to its service's user alone, and the agent's own folder to the agent. */
async function checkFolders({ plan, resolve }: ConfigurationFile): Promise<void> {
  if (plan.state !== undefined) await assertOwnFolder(resolve(plan.state), ownUid())
  const users = new Set<number>()
  for (const { name, key } of plan.services) {
    if (!('socket' in key)) continue
    const uid = await uidOf(key.user)
    await assertOwnFolder(dirname(resolve(key.socket)), uid)
    if (!plan.simulated && (users.has(uid) || uid === ownUid())) {
      throw new VouchError('CONFIGURATION_UNSOUND', {
        rule: `${name} must run as a user of its own, neither another service's nor the agent's`,
        given: `user ${uid}`,
      })
    }
    users.add(uid)
  }
}
