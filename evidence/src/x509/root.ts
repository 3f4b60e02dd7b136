import { sha256 } from '@noble/hashes/sha2.js'
import { type Checks, must, toHex } from '@vouch/protocol'
import { anchorOf, type VendorAnchor } from '../core/anchors.js'
import type { Path } from './chain.js'
import { keepRootKey } from './keys.js'

/**
 * The pinned root that a path leads to, out of those that may vouch for such evidence. A root is told by its key, as its name
 * proves nothing. Under a stranger's root, keys of a stranger's size are not worth any more work.
 */
export function checkRoot<A extends VendorAnchor>(
  checks: Checks,
  path: Path,
  anchors: readonly A[],
): A | undefined {
  const root = path[path.length - 1] ?? path[0]
  const spki = sha256(root.spki)
  const anchor = anchorOf(anchors, spki)
  must(checks, anchor !== undefined, 'CHAIN_FALSE', {
    rule: 'the root must be one that is pinned here',
    given: `${root.commonName}, key ${toHex(spki)}`,
    hint: 'a root is told by its key: its name is anybody’s to write',
  })
  if (anchor !== undefined) keepRootKey(root.spki)
  return anchor
}
