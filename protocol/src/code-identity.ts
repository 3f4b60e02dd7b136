import { sha256 } from '@noble/hashes/sha2.js'
import { shown, VouchError } from './errors.js'
import { assertLength } from './hashes/field.js'
import { ascii, compareBytes, concat, fromInteger } from './notation/bytes.js'

/** One store path of a closure: its base name, and the SHA-256 of its NAR serialisation. */
export interface ClosureEntry {
  readonly name: string
  readonly treeHash: Uint8Array
}

const MAX_ENTRIES = 65_535

/** Identifies a set of store paths by name and content; the order they are given in does not matter. */
export function closureHash(entries: readonly ClosureEntry[]): Uint8Array {
  if (entries.length < 1 || entries.length > MAX_ENTRIES) {
    throw new VouchError('TOO_LARGE', {
      rule: `a closure must have 1 to ${MAX_ENTRIES} entries`,
      given: `${entries.length}`,
    })
  }
  const sorted = entries
    .map(({ name, treeHash }) => ({
      name: storeName(name),
      treeHash: assertLength(treeHash, 32, 'tree hash'),
    }))
    .sort((a, b) => compareBytes(a.name, b.name))
  const parts = sorted.map(({ name, treeHash }, i) => {
    const before = sorted[i - 1]
    if (before !== undefined && compareBytes(before.name, name) === 0) {
      throw new VouchError('NOT_ASCENDING', { rule: 'a name may appear once in a closure' })
    }
    return concat(fromInteger(name.length, 2), name, treeHash)
  })
  return sha256(concat(ascii('vouch-closure-v1'), fromInteger(sorted.length, 4), ...parts))
}

/** drv: identifies a program together with everything it can reach. */
export function drvOf(closure: readonly ClosureEntry[], name: string, program: string): Uint8Array {
  if (!closure.some((entry) => entry.name === name)) {
    throw new VouchError('VALUE_MALFORMED', {
      rule: 'the store path of a program must be in its closure',
      given: shown(name),
    })
  }
  const path = programPath(program)
  return sha256(
    concat(
      ascii('vouch-drv-v1'),
      closureHash(closure),
      fromInteger(name.length, 2),
      storeName(name),
      fromInteger(path.length, 2),
      path,
    ),
  )
}

/** os_image_hash: the closure that the agent runs from, and the very bytes of its configuration. */
export function osImageHash(closure: readonly ClosureEntry[], agentConfiguration: Uint8Array): Uint8Array {
  return sha256(concat(ascii('vouch-image-v1'), closureHash(closure), sha256(agentConfiguration)))
}

function storeName(name: string): Uint8Array {
  if (!/^[\x21-\x2e\x30-\x7e]{1,211}$/.test(name)) {
    throw new VouchError('VALUE_MALFORMED', {
      rule: 'a store name must be 1 to 211 visible ASCII characters without /',
      given: shown(name),
    })
  }
  return ascii(name)
}

function programPath(program: string): Uint8Array {
  const isInside = program.split('/').every((step) => !['', '.', '..'].includes(step))
  if (!isInside || !/^[\x21-\x7e]{1,1024}$/.test(program)) {
    throw new VouchError('VALUE_MALFORMED', {
      rule: 'a program must be a plain path of 1 to 1024 visible ASCII characters inside its store path',
      given: shown(program),
    })
  }
  return ascii(program)
}
