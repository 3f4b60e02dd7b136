import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemReason, writeWhole } from '@vouch/host/node'
import { type Head, parseHead, printHead, VouchError } from '@vouch/protocol'

/** A place where heads are published. */
export interface Publisher {
  /** How a person calls it. */
  readonly name: string
  /** The newest head that is there. Throws where that cannot be found out: then nothing may be signed. `own` is the registry's newest. */
  newest(own: number): Promise<Head | undefined>
  publish(head: Head): Promise<void>
}

const HEAD_FILE = 'head.json'

/** The file in the registrar's folder where verifiers of the folder look for the newest head. */
export function headFile(folder: string): Publisher {
  const path = join(folder, HEAD_FILE)
  const read = (): Promise<Buffer | undefined> => readFile(path).catch(unlessMissing)
  return {
    name: HEAD_FILE,
    newest: async () => {
      const content = await read()
      return content && parseHead(new Uint8Array(content))
    },
    publish: async (head) => {
      const content = `${printHead(head)}\n`
      const there = await read()
      if (there?.toString() === content) return
      if (there !== undefined && parseHead(new Uint8Array(there)).seq > head.seq) return // another process was faster
      await writeWhole(path, content).catch((cause: unknown) => {
        throw headNotWritten(cause)
      })
    },
  }
}

/** A head that cannot be read may be a newer one: only what is not there was never published. */
function unlessMissing(cause: unknown): undefined {
  if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
  throw new VouchError(
    'STORAGE_FAILED',
    {
      rule: `${HEAD_FILE} cannot be read, and nothing is signed before it is known what was published`,
      given: systemReason(cause),
      hint: 'see whose file it is: the registrar must be able to read and to replace it',
    },
    { cause },
  )
}

function headNotWritten(cause: unknown): VouchError {
  return new VouchError(
    'STORAGE_FAILED',
    {
      rule: `${HEAD_FILE} was not written: the newest head is recorded, and is served from there`,
      given: systemReason(cause),
      hint: 'make room on the disk: the next head is written then, or registrar head --cut writes this one',
    },
    { cause },
  )
}

/** Two heads of one number that say two things: one of the two databases went on where it must not. */
export function forked(name: string, seq: number): VouchError {
  return new VouchError('LOG_CORRUPT', {
    rule: `the database must have the head that ${name} shows`,
    given: `another head ${seq}`,
    hint: 'two databases went on from one: end the registrar of the one that readers do not follow, and sign nothing with it',
  })
}

/** A registry that lacks what it has published would sign a second history. */
export function behind(name: string, published: number, seq: number): VouchError {
  return new VouchError('LOG_CORRUPT', {
    rule: `the database must have the head that ${name} shows`,
    given: `head ${published} beside a database that ends with head ${seq}`,
    hint: 'restore the newest backup; never sign a history that forgets what was published',
  })
}
