import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemReason, writeWhole } from '@vouch/host/node'
import { type Head, parseHead, printHead, VouchError } from '@vouch/protocol'

/** A place where heads are published. */
export interface Publisher {
  /** How a person calls it. */
  readonly name: string
  /** The newest head that is there. Throws where that cannot be found out: then nothing may be signed. */
  newest(): Promise<Pick<Head, 'seq'> | undefined>
  publish(head: Head): Promise<void>
}

const HEAD_FILE = 'head.json'

/** The file in the registrar's folder where verifiers of the folder look for the newest head. */
export function headFile(folder: string): Publisher {
  const path = join(folder, HEAD_FILE)
  const read = (): Promise<Buffer | undefined> => readFile(path).catch(() => undefined)
  return {
    name: HEAD_FILE,
    newest: async () => {
      const content = await read()
      return content && parseHead(new Uint8Array(content))
    },
    publish: async (head) => {
      const content = `${printHead(head)}\n`
      if ((await read())?.toString() === content) return
      await writeWhole(path, content).catch((cause: unknown) => {
        throw headNotWritten(cause)
      })
    },
  }
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

/** A registry that lacks what it has published would sign a second history. */
export function behind(name: string, published: number, seq: number): VouchError {
  return new VouchError('LOG_CORRUPT', {
    rule: `the database must have the head that ${name} shows`,
    given: `head ${published} beside a database that ends with head ${seq}`,
    hint: 'restore the newest backup; never sign a history that forgets what was published',
  })
}
