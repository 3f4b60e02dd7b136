import { Checks, type Failure, VouchError } from '@vouch/protocol'
import type { EvidenceFile } from './file.js'
import type { PemBlock } from './pem.js'

/** What came out of reading files besides evidence. */
export class Notes {
  /** What was meant as something and could not be read, or contradicts itself. */
  readonly unreadable = new Checks()
  /** Names of files that are nothing known here, and of lists that concern nothing here: they change no verdict. */
  readonly ignored: string[] = []
  /** What each file holds that could be read and is no evidence itself: certificates, lists, and what is unknown. */
  readonly blocks: { readonly name: string; readonly found: readonly PemBlock[] }[] = []

  /** All of it, each once: what is read twice, for what it is and for what is in it, is said once. */
  get failures(): readonly Failure[] {
    const { failures } = this.unreadable
    const isSame = (a: Failure, b: Failure) => a.code === b.code && a.rule === b.rule && a.given === b.given
    return failures.filter((failure, i) => failures.findIndex((other) => isSame(other, failure)) === i)
  }

  /** Reads something without which the rest still says something. */
  read<T>(read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof VouchError)) throw error
      this.unreadable.note(false, error)
      return undefined
    }
  }

  /** Reads each of these; one that cannot be read does not hide the others. */
  readAll<T>(files: readonly EvidenceFile[], parse: (bytes: Uint8Array) => T): readonly T[] {
    return files.flatMap(({ bytes }) => this.read(() => [parse(bytes)]) ?? [])
  }

  passOver(files: readonly EvidenceFile[]): void {
    this.ignored.push(...files.map(({ name }) => name))
  }
}
