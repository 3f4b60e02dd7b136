import { type FileHandle, open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { migrate, openFileDatabase, openServerDatabase, type Queries } from '@vouch/host/sql'
import { type Hasher, type Head, headContentCodec, shown, VouchError } from '@vouch/protocol'
import { encode } from '@vouch/protocol/codec'
import { hashOfEvidence, type RegistryRecord } from '@vouch/protocol/records'
import type { HeadRow } from '../store/heads.js'
import { DATABASE, exists, keepStore, refuseRegistry, type Store } from '../store/open-registry.js'
import { Replay } from '../store/rebuild.js'
import { append, tipOf } from '../store/records.js'
import { SCHEMA } from '../store/schema.js'
import { framesOf, frameWith } from './read-log.js'
import { decodeFormerRecord, type FormerRecord } from './record.js'

export interface Imported {
  readonly members: number
  readonly seq: number
}

const LOG = 'log'
const EVIDENCE = 'evidence.log'

/**
 * Brings a registry that an earlier release wrote into a database: every member, nonce, ban, head and signature. Each head must
 * come out with the root that was signed. The old files stay as they are.
 */
export async function importFormer(folder: string, hash: Hasher, { store }: Store = {}): Promise<Imported> {
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

class Import {
  private readonly queries: Queries
  private readonly folder: string
  private readonly evidence: FileHandle
  private readonly replay: Replay
  private readonly heads = new Map<number, HeadRow>()
  private members = 0
  private count = 0
  private seq = 0

  constructor(queries: Queries, hash: Hasher, folder: string, evidence: FileHandle) {
    this.queries = queries
    this.folder = folder
    this.evidence = evidence
    this.replay = new Replay(queries, hash, (seq) => this.heads.get(seq))
  }

  async run(): Promise<Imported> {
    for await (const { type, body } of framesOf(join(this.folder, LOG)))
      for (const record of await this.converted(decodeFormerRecord(type, body))) await this.take(record)
    this.replay.finish(this.count)
    return { members: this.members, seq: this.seq }
  }

  private async take(record: RegistryRecord): Promise<void> {
    await append(this.queries, await tipOf(this.queries), record)
    await this.replay.take(record, this.count++)
  }

  /** A removal's head was part of its record, and is one of its own now. */
  private async converted(former: FormerRecord): Promise<readonly RegistryRecord[]> {
    switch (former.kind) {
      case 'init': {
        const { registryId, time } = former.init
        return [{ kind: 'init', init: { version: 2, registryId, time } }]
      }
      case 'admission': {
        const { evidence: pointer, ...admission } = former.admission
        const { body } = await frameWith(this.evidence, join(this.folder, EVIDENCE), pointer)
        await this.queries.run('INSERT INTO evidence (number, body) VALUES ($1, $2)', this.members++, body)
        return [{ kind: 'admission', admission: { ...admission, evidence: hashOfEvidence(body) } }]
      }
      case 'removal': {
        const { credential, reason, head } = former.removal
        return [{ kind: 'removal', removal: { credential, reason, time: head.time } }, this.headRecord(head)]
      }
      case 'ban': {
        const { machine, reason, head } = former.ban
        return [{ kind: 'ban', ban: { machine, reason, time: head.time } }, this.headRecord(head)]
      }
      case 'pardon':
        return [former]
      case 'head':
        return [this.headRecord(former.head)]
    }
  }

  private headRecord(head: Head): RegistryRecord {
    const { registryId, seq, size, root, previousRoot, time, signer, signature } = head
    const content = { registryId, seq, size, root, previousRoot, time }
    const bytes = encode(headContentCodec, content, 'head')
    this.heads.clear()
    this.heads.set(seq, { seq, content: bytes, changes: new Uint8Array(), signer, signature })
    this.seq = seq
    return { kind: 'head', head: { content, empties: false } }
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
