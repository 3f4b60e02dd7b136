import type { Failure, Head } from '@vouch/protocol'
import type { Admission } from '../../src/admission.js'
import type { BucketIndex } from '../../src/buckets.js'
import type { NonceTicket } from '../../src/nonce.js'

/** What is served: everything of a registrar that strangers may ask for. */
export interface Service {
  nonce(credential: bigint): NonceTicket
  admit(file: Uint8Array, from: string): Promise<Admission>
  head(): Head
  /** Heads after this number, oldest first, a page of them. */
  headsAfter(seq: number): readonly Head[]
  buckets(): BucketIndex
  bucket(number: number): Uint8Array
  /** Canonical JSON of every policy that credentials are admitted under. */
  policies(): readonly string[]
  /** Notes a refusal that never came to `admit`, in the private log. */
  noteRefusal(from: string, failures: readonly Failure[]): Promise<void>
}
