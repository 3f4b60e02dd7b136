import type { Queries } from '@vouch/host/sql'
import type { Hasher } from '@vouch/protocol'
import type { RegistryRecord } from '@vouch/protocol/records'
import type { HeadRow } from './heads.js'
import { Replay } from './rebuild.js'
import { append, type Tip, tipOf } from './records.js'
import { keepEvidence } from './rows.js'

/** How many members a registry has that was brought into another database, and the number of its newest head. */
export interface Transferred {
  readonly members: number
  readonly seq: number
}

/** What no record says: it comes with the record that it belongs to. */
export interface Beside {
  readonly evidence?: Uint8Array | undefined
  /** A head's row where the records come from. Its signature is held against the head that is made here. */
  readonly head?: HeadRow | undefined
}

/** Brings a registry's records into an empty database, and makes anew there what follows from them. */
export class Transfer {
  private readonly queries: Queries
  private readonly replay: Replay
  private head: HeadRow | undefined
  private tip: Tip | undefined
  private members = 0
  private seq = 0

  constructor(queries: Queries, hash: Hasher) {
    this.queries = queries
    this.replay = new Replay(queries, hash, () => this.head)
  }

  async take(record: RegistryRecord, { evidence, head }: Beside = {}): Promise<void> {
    if (record.kind === 'admission') {
      if (evidence !== undefined) await keepEvidence(this.queries, this.members, evidence) // the replay says what is missing
      this.members++
    }
    if (record.kind === 'head') this.seq = record.head.content.seq
    this.head = head
    this.tip = await append(this.queries, this.tip ?? (await tipOf(this.queries)), record)
    await this.replay.take(record, this.tip.n)
  }

  finish(): Transferred {
    this.replay.finish((this.tip?.n ?? -1) + 1)
    return { members: this.members, seq: this.seq }
  }
}
