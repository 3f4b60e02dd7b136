import type { BucketIndex, Head, NonceTicket } from '@vouch/protocol'
import type { Admitter } from './admitting.js'

/** What is served: everything of a registrar that strangers may ask for. */
export interface RegistrarService extends Admitter {
  nonce(credential: bigint): NonceTicket
  head(): Promise<Head>
  /** Heads after this number, oldest first, a page of them. */
  headsAfter(seq: number): Promise<readonly Head[]>
  buckets(): Promise<BucketIndex>
  /** A bucket as of the newest head; where a root is named, of that root or of none. */
  bucket(number: number, root?: Uint8Array): Promise<Uint8Array>
}
