import { equalBytes, type PublicKey, shown, VouchError } from '@vouch/protocol'
import { assertPoint } from './points.js'

/** A service's name, and the key that stands for it. */
export interface AnnouncedKey {
  readonly name: string
  readonly publicKey: PublicKey
}

const isSame = (a: PublicKey, b: PublicKey): boolean => equalBytes(a.x, b.x) && equalBytes(a.y, b.y)

/**
 * Which services have announced their key. The first key stands until the machine starts again: whoever breaks into a
 * service later can use its key, but bring none of their own.
 */
export class Roll {
  private readonly keys = new Map<string, PublicKey>()
  private readonly names: readonly string[]

  constructor(names: readonly string[], known: readonly AnnouncedKey[]) {
    this.names = names
    for (const { name, publicKey } of known) if (names.includes(name)) this.announce(name, publicKey)
  }

  /** Takes a service's key, and says whether it is news. */
  announce(name: string, publicKey: PublicKey): 'first' | 'again' {
    assertPoint(publicKey)
    const first = this.keys.get(name)
    if (first !== undefined && isSame(first, publicKey)) return 'again'
    if (first !== undefined) {
      throw new VouchError('KEY_CONFLICT', {
        rule: 'the first key that a service announces must stand until the machine starts again',
        given: `another key for ${shown(name)}`,
      })
    }
    // What a second service with the same key signs would pass for the first one's answer.
    if ([...this.keys.values()].some((other) => isSame(other, publicKey))) {
      throw new VouchError('KEY_CONFLICT', { rule: 'a key must be the key of one service' })
    }
    this.keys.set(name, publicKey)
    return 'first'
  }

  get announced(): readonly AnnouncedKey[] {
    return [...this.keys].map(([name, publicKey]) => ({ name, publicKey }))
  }

  get awaited(): readonly string[] {
    return this.names.filter((name) => !this.keys.has(name))
  }

  /** The key of a service; refused until every service has one, for a tree that grows would be several trees. */
  keyOf(name: string): PublicKey {
    const key = this.keys.get(name)
    if (key !== undefined && this.awaited.length === 0) return key
    throw servicesAwaited(this.awaited)
  }
}

/** The guest is not whole yet. Its configuration names these services, and is no secret. */
export function servicesAwaited(names: readonly string[]): VouchError {
  return new VouchError('SERVICES_AWAITED', {
    rule: 'services of the guest have not announced their keys yet',
    given: names.join(', '),
    hint: 'ask again once they have started',
  })
}
