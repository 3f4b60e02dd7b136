import { toHex, VouchError } from '@vouch/protocol'
import type { VendorAnchor } from '../anchors.js'

/** What an admission policy says of any kind of evidence and the devices are that it names. */
export interface VendorFrame {
  readonly version: 1
  readonly name: string
  readonly osImages: readonly Uint8Array[]
  /** Most live leaves of one machine; `none` for no such limit, in words. */
  readonly quota: number | 'none'
  /** How long a leaf is good for, in seconds. */
  readonly ttl: number
  readonly collateral: {
    /**
     * Whether the revocation lists that a vendor publishes must be there. A list is the one thing that a machine whose key
     * leaked would leave out.
     */
    readonly revocation: 'required' | 'when_given'
    /** How old revocation lists and other collateral may be, in seconds. */
    readonly maxAge: number
    /** How long past their next update a leaf may live, in seconds. */
    readonly grace: number
  }
}

/** A policy that reads well and would hold nothing off. */
export function unsound(rule: string, given?: string): VouchError {
  return new VouchError('POLICY_UNSOUND', given === undefined ? { rule } : { rule, given })
}

/** The member of a policy's pins that names the roots of a kind, each with its name behind it. */
export function rootsTemplate(anchors: readonly VendorAnchor[], kind: string): string {
  const roots = anchors.filter((anchor) => anchor.kind === kind)
  return `    # Root keys, by the SHA-256 of their SubjectPublicKeyInfo. Leave out what you do not want.
    roots:
${roots.map(({ name, spki }) => `      - ${toHex(spki)} # ${name}`).join('\n')}`
}
