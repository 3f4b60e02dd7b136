import { networkOf } from './network.js'

/** How much one address may ask for: so much at once, and so much a second after that. */
export interface Rate {
  readonly burst: number
  readonly perSecond: number
}

interface Bucket {
  tokens: number
  at: number
  /** Whether this address has been told no since it last had tokens: a flood is noted once, not once a request. */
  noted: boolean
}

export type Grant = 'granted' | 'refused' | 'refused for the first time'

/**
 * A bucket of tokens per address. The table is bounded, because addresses are the attacker's to choose: the one that was
 * heard of longest ago is forgotten first, and forgetting only ever favours an address.
 */
export class TokenBuckets {
  private readonly buckets = new Map<string, Bucket>()
  private readonly rate: Rate
  private readonly capacity: number

  constructor(rate: Rate, capacity = 8192) {
    this.rate = rate
    this.capacity = capacity
  }

  /** Takes a token of an address at a time in seconds, which may have fractions. */
  take(address: string, now: number): Grant {
    const key = networkOf(address)
    const bucket = this.buckets.get(key) ?? { tokens: this.rate.burst, at: now, noted: false }
    const passed = Math.max(0, now - bucket.at)
    bucket.tokens = Math.min(this.rate.burst, bucket.tokens + passed * this.rate.perSecond)
    bucket.at = now
    this.remember(key, bucket)
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1
      bucket.noted = false
      return 'granted'
    }
    if (bucket.noted) return 'refused'
    bucket.noted = true
    return 'refused for the first time'
  }

  get size(): number {
    return this.buckets.size
  }

  private remember(key: string, bucket: Bucket): void {
    this.buckets.delete(key) // so that the table's order is the order in which addresses were last heard of
    this.buckets.set(key, bucket)
    const [oldest] = this.buckets.keys()
    if (this.buckets.size > this.capacity && oldest !== undefined) this.buckets.delete(oldest)
  }
}
