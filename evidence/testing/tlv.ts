import { concat, VouchError } from '@vouch/protocol'
import fc from 'fast-check'
import { type Cbor, readCbor } from '../src/core/cbor/cbor.js'
import { writeCbor } from '../src/core/cbor/write.js'
import { type Der, parseDer } from '../src/core/der/der.js'
import { littleEndian } from '../src/core/fields.js'

// Structures of types, lengths and values, changed as structures: what is inside keeps its form, and lengths around it fit, or lie.

interface Tree {
  readonly kids: Tree[]
  /** The bytes around those of its kids; a lie is a length that is not theirs, or another spelling of it. */
  readonly wrap: (kids: readonly Uint8Array[], lie: number) => Uint8Array
  lie: number
}

const leaf = (bytes: Uint8Array): Tree => ({ kids: [], wrap: () => bytes, lie: 0 })
const row = (...kids: Tree[]): Tree => ({ kids, wrap: (parts) => concat(...parts), lie: 0 })
const print = ({ kids, wrap, lie }: Tree): Uint8Array => wrap(kids.map(print), lie)
const copy = ({ kids, wrap, lie }: Tree): Tree => ({ kids: kids.map(copy), wrap, lie })

/** DER; strings of bytes that hold DER themselves are opened. */
export const derTree = (bytes: Uint8Array): Tree => treeOfDer(parseDer(bytes, 'a sample'))

function treeOfDer({ tag, content, parts }: Der): Tree {
  const isConstructed = (tag & 0x20) !== 0
  return {
    kids: parts.map(treeOfDer),
    wrap: (kids, lie) => tlv(tag, isConstructed ? concat(...kids) : content, lie),
    lie: 0,
  }
}

function tlv(tag: number, body: Uint8Array, lie: number): Uint8Array {
  const length = (size: number): Uint8Array => {
    if (size < 0x80) return Uint8Array.of(size)
    return size < 0x100 ? Uint8Array.of(0x81, size) : Uint8Array.of(0x82, size >> 8, size & 0xff)
  }
  const size = body.length
  const spellings = [
    length(size),
    length(size + 1),
    length(Math.max(0, size - 1)),
    Uint8Array.of(0x83, 0, size >> 8, size & 0xff),
    Uint8Array.of(0x80),
    Uint8Array.of(0x84, 0xff, 0xff, 0xff, 0xff),
  ]
  return concat(Uint8Array.of(tag), spellings[lie] ?? length(size), body, new Uint8Array(lie === 4 ? 2 : 0))
}

/** CBOR; strings of bytes that hold CBOR themselves are opened, as a document's payload is one. */
export const cborTree = (bytes: Uint8Array): Tree => treeOfCbor(readCbor(bytes, 0, 'a sample', 'any').value)

function treeOfCbor(value: Cbor): Tree {
  if (value.type === 'array') return (value.indefinite ? open : counted)(4, value.items.map(treeOfCbor), 1)
  if (value.type === 'map')
    return (value.indefinite ? open : counted)(5, value.entries.flat().map(treeOfCbor), 2)
  if (value.type !== 'bytes') return leaf(writeCbor(value))
  const content = nested(value.value)
  return {
    kids: content === undefined ? [] : [content],
    wrap: (kids, lie) => {
      const body = content === undefined ? value.value : concat(...kids)
      return concat(head(2, body.length + (LIES[lie] ?? 0), lie === 3), body)
    },
    lie: 0,
  }
}

const LIES = [0, 1, -1, 0, 1000, 0xffff]

function counted(major: number, kids: Tree[], each: number): Tree {
  return {
    kids,
    wrap: (parts, lie) =>
      concat(head(major, Math.floor(parts.length / each) + (LIES[lie] ?? 0), lie === 3), ...parts),
    lie: 0,
  }
}

/** Up to a break; the lies are a break too few, one too many, one before its time, and lengths. */
function open(major: number, kids: Tree[], each: number): Tree {
  const start = Uint8Array.of((major << 5) | 31)
  const end = Uint8Array.of(0xff)
  const spellings: readonly ((parts: readonly Uint8Array[]) => Uint8Array)[] = [
    (parts) => concat(start, ...parts, end),
    (parts) => concat(start, ...parts),
    (parts) => concat(start, ...parts, end, end),
    (parts) => concat(start, ...parts.slice(0, -1), end, ...parts.slice(-1)),
    (parts) => counted(major, kids, each).wrap(parts, 0),
    (parts) => counted(major, kids, each).wrap(parts, 1),
  ]
  return { kids, wrap: (parts, lie) => (spellings[lie] ?? spellings[0])?.(parts) ?? start, lie: 0 }
}

function nested(bytes: Uint8Array): Tree | undefined {
  try {
    const { value, end } = readCbor(bytes, 0, 'a sample', 'any')
    return value.type === 'map' && end === bytes.length ? treeOfCbor(value) : undefined
  } catch (error) {
    if (error instanceof VouchError) return undefined
    throw error
  }
}

function head(major: number, count: number, isPadded: boolean): Uint8Array {
  const number = Math.max(0, count)
  if (number < 24 && !isPadded) return Uint8Array.of((major << 5) | number)
  if (number < 0x100 && !isPadded) return Uint8Array.of((major << 5) | 24, number)
  return Uint8Array.of((major << 5) | 26, 0, number >> 16, (number >> 8) & 0xff, number & 0xff)
}

/** A device's message: request, header, a record of blocks, a nonce, opaque fields, a signature. */
export function spdmTree(bytes: Uint8Array): Tree {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const record = 37 + 5
  const recordEnd = record + 3 + view.getUint16(record, true) + (view.getUint8(record + 2) << 16)
  const opaque = recordEnd + 32
  const opaqueEnd = opaque + 2 + view.getUint16(opaque, true)
  const blocks: Tree[] = []
  for (let at = record + 3; at < recordEnd; at += 55) blocks.push(leaf(bytes.subarray(at, at + 55)))
  const fields: Tree[] = []
  for (let at = opaque + 2; at < opaqueEnd; at += 4 + view.getUint16(at + 2, true)) {
    const value = leaf(bytes.subarray(at + 4, at + 4 + view.getUint16(at + 2, true)))
    fields.push(row(leaf(bytes.subarray(at, at + 2)), sized(2, [value])))
  }
  return row(
    leaf(bytes.subarray(0, record)),
    sized(3, blocks),
    leaf(bytes.subarray(recordEnd, opaque)),
    sized(2, fields),
    leaf(bytes.subarray(opaqueEnd)),
  )
}

const sized = (size: number, kids: Tree[]): Tree => ({
  kids,
  wrap: (parts, lie) => {
    const body = concat(...parts)
    return concat(littleEndian(Math.max(0, body.length + (LIES[lie] ?? 0)), size), body)
  },
  lie: 0,
})

type Step = readonly [kind: number, place: number, other: number]

const steps: fc.Arbitrary<readonly Step[]> = fc.array(fc.tuple(fc.nat(5), fc.nat(), fc.nat()), {
  maxLength: 3,
})

/** Structures near valid ones: with parts taken out, doubled, brought in from elsewhere, nested, swapped, or with a length that lies. */
export function mutatedTrees(samples: readonly Tree[]): fc.Arbitrary<Uint8Array> {
  return fc.tuple(fc.constantFrom(...samples), steps).map(([sample, todo]) => {
    const tree = copy(sample)
    for (const step of todo) mutate(tree, step)
    return print(tree)
  })
}

function mutate(tree: Tree, [kind, place, other]: Step): void {
  const all = nodesIn(tree)
  const parents = all.filter(({ kids }) => kids.length > 0)
  const parent = parents[place % Math.max(1, parents.length)]
  if (parent === undefined) return
  const at = other % parent.kids.length
  const [kid] = parent.kids.slice(at)
  if (kid === undefined) return
  switch (kind) {
    case 0:
      parent.kids.splice(at, 1)
      break
    case 1:
      parent.kids.splice(at, 0, copy(kid))
      break
    case 2: {
      const stranger = all[other % all.length]
      if (stranger !== undefined) parent.kids.splice(at, 0, copy(stranger))
      break
    }
    case 3:
      parent.kids.splice(at, 1, { kids: [kid], wrap: parent.wrap, lie: 0 })
      break
    case 4:
      parent.kids.push(...parent.kids.splice(at, 1))
      break
    default:
      kid.lie = 1 + (place % 5)
  }
}

const nodesIn = (tree: Tree): readonly Tree[] => [tree, ...tree.kids.flatMap(nodesIn)]
