import { createHash } from 'node:crypto'

/** Order of the field that BN254's points have their coordinates in. */
const Q = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47n

/**
 * Points `from` … `to`-1 of a continuation of the reference string, for computing keys only: hashed to the curve, one per index,
 * by trying x = SHA-256(label ‖ index ‖ counter) until x is on it. Nobody knows how they relate to the ceremony's points. Never
 * multiples of known points: with a known relation, a key could be opened to another circuit.
 */
export function fillerPoints(label: string, from: number, to: number): Uint8Array {
  const points = Buffer.alloc((to - from) * 64)
  for (let index = from; index < to; index++) {
    points.write(hashToCurve(label, index), (index - from) * 64, 'hex')
  }
  return new Uint8Array(points)
}

function hashToCurve(label: string, index: number): string {
  for (let counter = 0; ; counter++) {
    const digest = createHash('sha256').update(label).update(integers(index, counter)).digest('hex')
    const x = BigInt(`0x${digest}`)
    const y = x < Q ? squareRoot((x * x * x + 3n) % Q) : undefined
    if (y !== undefined) return digest + y.toString(16).padStart(64, '0')
  }
}

function integers(index: number, counter: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32BE(index)
  bytes.writeUInt32BE(counter, 4)
  return bytes
}

/** Q mod 4 is 3: a power gives the root, if there is one. */
function squareRoot(square: bigint): bigint | undefined {
  const root = power(square, (Q + 1n) / 4n)
  return (root * root) % Q === square ? root : undefined
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let bit = exponent, factor = base; bit > 0n; bit >>= 1n, factor = (factor * factor) % Q) {
    if (bit & 1n) result = (result * factor) % Q
  }
  return result
}
