import { TextDecoder } from 'node:util'
import type { TsmFileSystem } from '../src/index.js'

// configfs-tsm as Linux has it (drivers/virt/coco/guest/report.c, fs/configfs/file.c), without Linux.
//
// What somebody else writes between our write and our read, the kernel does not answer with EBUSY: it counts every write in
// `generation`, and a read makes the report anew from what was written last. Whoever asks tells by the count, or by the
// report, that it is not theirs. EBUSY comes of a write alone, when writes without a read between them have gone once round
// the counter; a read of a report that cannot be made has the error of the hardware's driver, which may be any.

const INBLOB_MAX = 64
const REPORT_DATA_BYTES = 64
const PRIVLEVEL_MAX = 3
const WRITE_ONLY = ['inblob', 'privlevel']

/** What the hardware behind the interface does. */
export interface FakeHardware {
  readonly provider: string
  /** Whether the hardware has this attribute at all. */
  has?(attribute: string): boolean
  readonly privlevelFloor?: number
  report(inblob: Uint8Array, privlevel: number): Uint8Array | Promise<Uint8Array>
  auxblob?(): Uint8Array
}

interface Entry {
  inblob: Uint8Array
  privlevel: number
  outblob?: Uint8Array
  auxblob: Uint8Array
  writes: bigint
  reads: bigint
}

export function errno(code: string): Error {
  return Object.assign(new Error(`${code}: refused`), { code })
}

export class FakeTsm implements TsmFileSystem {
  readonly entries = new Map<string, Entry>()
  readonly calls: string[] = []
  /** Runs before each call, to come between two of them, or to fail with an error of the system. */
  before: (call: string, path: string) => void = () => undefined
  private readonly folder = '/sys/kernel/config/tsm/report'
  private readonly hardware: FakeHardware | undefined

  constructor(hardware?: FakeHardware) {
    this.hardware = hardware
  }

  async mkdir(path: string): Promise<void> {
    this.note('mkdir', path)
    if (path.split('/').slice(0, -1).join('/') !== this.folder) throw errno('ENOENT')
    if (this.hardware === undefined) throw errno('ENXIO')
    if (this.entries.has(path)) throw errno('EEXIST')
    const empty = new Uint8Array()
    this.entries.set(path, { inblob: empty, privlevel: 0, auxblob: empty, writes: 0n, reads: 0n })
  }

  async rmdir(path: string): Promise<void> {
    this.note('rmdir', path)
    if (!this.entries.delete(path)) throw errno('ENOENT')
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    this.note('write', path)
    const { entry, attribute } = this.at(path)
    if (!WRITE_ONLY.includes(attribute)) throw errno('EACCES')
    if (attribute === 'inblob') {
      if (bytes.length > INBLOB_MAX) throw errno('EFBIG')
      // Written when the file is closed, and what then goes wrong is told to nobody.
      if (advance(entry)) entry.inblob = bytes.slice()
      return
    }
    const text = new TextDecoder().decode(bytes).trimEnd()
    const level = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN
    if (!(level >= (this.hardware?.privlevelFloor ?? 0) && level <= PRIVLEVEL_MAX)) throw errno('EINVAL')
    if (!advance(entry)) throw errno('EBUSY')
    entry.privlevel = level
  }

  async read(path: string): Promise<Uint8Array> {
    this.note('read', path)
    const { entry, attribute } = this.at(path)
    if (WRITE_ONLY.includes(attribute)) throw errno('EACCES')
    if (attribute === 'generation') return line(`${entry.writes}`)
    if (attribute === 'provider') return line(this.hardware?.provider ?? '')
    if (attribute === 'privlevel_floor') return line(`${this.hardware?.privlevelFloor ?? 0}`)
    await this.generate(entry)
    return (attribute === 'outblob' ? entry.outblob : entry.auxblob) ?? new Uint8Array()
  }

  /** Another process, as root, writes to an entry that is not its own. */
  disturb(path: string, inblob: Uint8Array): void {
    const entry = this.entries.get(path)
    if (entry === undefined) throw errno('ENOENT')
    if (advance(entry)) entry.inblob = inblob
  }

  /** A report is made when it is read, and kept until something is written. */
  private async generate(entry: Entry): Promise<void> {
    if (entry.inblob.length === 0) throw errno('EINVAL')
    if (entry.outblob !== undefined && entry.reads === entry.writes) return
    if (entry.inblob.length !== REPORT_DATA_BYTES) throw errno('EINVAL')
    delete entry.outblob
    entry.outblob = (await this.hardware?.report(entry.inblob, entry.privlevel)) ?? new Uint8Array()
    entry.auxblob = this.hardware?.auxblob?.() ?? new Uint8Array()
    entry.reads = entry.writes
  }

  private at(path: string): { entry: Entry; attribute: string } {
    const parts = path.split('/')
    const attribute = parts.pop() ?? ''
    const entry = this.entries.get(parts.join('/'))
    const known = ['inblob', 'outblob', 'auxblob', 'generation', 'provider', 'privlevel', 'privlevel_floor']
    const isThere = known.includes(attribute) && (this.hardware?.has?.(attribute) ?? true)
    if (entry === undefined || !isThere) throw errno('ENOENT')
    return { entry, attribute }
  }

  private note(call: string, path: string): void {
    this.calls.push(`${call} ${path.split('/').pop()}`)
    this.before(call, path)
  }
}

/** Every write counts, until nobody has read for so long that the count would come round. */
function advance(entry: Entry): boolean {
  if (entry.writes === BigInt.asUintN(64, entry.reads - 1n)) return false
  entry.writes = BigInt.asUintN(64, entry.writes + 1n)
  return true
}

const line = (text: string): Uint8Array => new TextEncoder().encode(`${text}\n`)
