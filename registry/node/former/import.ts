import { type FileHandle, open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { migrate, openFileDatabase, openServerDatabase, type Queries } from '@vouch/host/sql'
import { type Hasher, type Head, headContentCodec, shown, VouchError } from '@vouch/protocol'
import { encode } from '@vouch/protocol/codec'
import { hashOfEvidence, type RegistryRecord } from '@vouch/protocol/records'
import { DATABASE, exists, keepStore, refuseRegistry, type Store } from '../store/open-registry.js'
import { SCHEMA } from '../store/schema.js'
import { type Beside, Transfer, type Transferred } from '../store/transfer.js'
import { framesOf, frameWith } from './read-log.js'
import { decodeFormerRecord, type FormerRecord } from './record.js'

const LOG = 'log'
const EVIDENCE = 'evidence.log'

/**
 * Brings a registry that an earlier release wrote into a database: every member, nonce, ban, head and signature. Each head must
 * come out with the root that was signed. The old files stay as they are.
 */
export async function importFormer(
  folder: string,
  hash: Hasher,
  { store }: Store = {},
): Promise<Transferred> {
  if (!(await exists(join(folder, LOG))))
    throw new VouchError('FILE_NOT_FOUND', {
      rule: `${shown(folder)} has no registry of an earlier release`,
      hint: 'name the folder that has the files log and evidence.log',
    })
  await refuseWhileServed(folder)
  await refuseRegistry(folder, { store, isImport: true })
  const database = await (store === undefined
    ? openFileDatabase(join(folder, DATABASE))
    : openServerDatabase(store))
  const evidence = await open(join(folder, EVIDENCE), 'r')
  try {
    await migrate(database, SCHEMA)
    await keepStore(folder, { store })
    return await database.transaction((queries) => new Import(queries, hash, folder, evidence).run())
  } finally {
    await evidence.close()
    await database.close()
  }
}

/** A record of this release, and what was kept beside it. */
interface Converted extends Beside {
  readonly record: RegistryRecord
}

class Import {
  private readonly transfer: Transfer
  private readonly folder: string
  private readonly evidence: FileHandle

  constructor(queries: Queries, hash: Hasher, folder: string, evidence: FileHandle) {
    this.transfer = new Transfer(queries, hash)
    this.folder = folder
    this.evidence = evidence
  }

  async run(): Promise<Transferred> {
    for await (const { type, body } of framesOf(join(this.folder, LOG)))
      for (const { record, ...beside } of await this.converted(decodeFormerRecord(type, body)))
        await this.transfer.take(record, beside)
    return this.transfer.finish()
  }

  /** A removal's head was part of its record, and is one of its own now. */
  private async converted(former: FormerRecord): Promise<readonly Converted[]> {
    switch (former.kind) {
      case 'init': {
        const { registryId, time } = former.init
        return [{ record: { kind: 'init', init: { version: 2, registryId, time } } }]
      }
      case 'admission': {
        const { evidence: pointer, ...admission } = former.admission
        const { body } = await frameWith(this.evidence, join(this.folder, EVIDENCE), pointer)
        const record = {
          kind: 'admission',
          admission: { ...admission, evidence: hashOfEvidence(body) },
        } as const
        return [{ record, evidence: body }]
      }
      case 'removal': {
        const { credential, reason, head } = former.removal
        const removed = { credential, reason, time: head.time }
        return [{ record: { kind: 'removal', removal: removed } }, withSignature(head)]
      }
      case 'ban': {
        const { machine, reason, head } = former.ban
        return [{ record: { kind: 'ban', ban: { machine, reason, time: head.time } } }, withSignature(head)]
      }
      case 'pardon':
        return [{ record: former }]
      case 'head':
        return [withSignature(former.head)]
    }
  }
}

function withSignature(head: Head): Converted {
  const { registryId, seq, size, root, previousRoot, time, signer, signature } = head
  const content = { registryId, seq, size, root, previousRoot, time }
  const bytes = encode(headContentCodec, content, 'head')
  return {
    record: { kind: 'head', head: { content, empties: false } },
    head: { seq, content: bytes, changes: new Uint8Array(), signer, signature },
  }
}

/** Earlier releases named the process that writes in the file `lock.N` with the highest N; an empty one was released. */
async function refuseWhileServed(folder: string): Promise<void> {
  const numbers = (await readdir(folder)).flatMap((name) => /^lock\.(\d{1,15})$/.exec(name)?.[1] ?? [])
  const highest = Math.max(0, ...numbers.map(Number))
  const holder = await readFile(join(folder, `lock.${highest}`), 'utf8').catch(() => '')
  const pid = Number(/"pid":(\d{1,15})/.exec(holder)?.[1] ?? 0)
  if (pid === 0 || !isRunning(pid)) return
  throw new VouchError('LOCKED', {
    rule: 'the registry is open for writing by an earlier release',
    given: `process ${pid}`,
    hint: 'end that process first: what it writes meanwhile would be missing',
  })
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}
