import { concat } from '@vouch/protocol'
import { readReference } from '../node/index.js'
import { EMBEDDED, POINT_BYTES } from '../src/srs/pins.js'
import type { ReferenceString } from '../src/srs/reference.js'
import { fillerPoints } from './filler.js'

/** The genuine points up to some index, and filler under a label from there to the end of a circuit's domain. */
export class ExtendedReference {
  readonly #genuine: ReferenceString
  readonly #filler = new Map<string, { readonly from: number; readonly points: Uint8Array }>()

  private constructor(genuine: ReferenceString) {
    this.#genuine = genuine
  }

  /** Tests take fewer points, to see what happens to a circuit that does not fit. */
  static async open(limit: number = EMBEDDED.points): Promise<ExtendedReference> {
    const { points, tauH } = await readReference()
    return new ExtendedReference({ points: points.slice(0, limit * POINT_BYTES), count: limit, tauH })
  }

  /** As many genuine points as there are. */
  get genuinePoints(): number {
    return this.#genuine.count
  }

  with(genuinePoints: number, label: string, domain: number): ReferenceString {
    const genuine = this.#genuine.points.subarray(0, genuinePoints * POINT_BYTES)
    const filler = genuinePoints < domain ? this.#fillerOf(label, genuinePoints, domain) : new Uint8Array()
    const points = new Uint8Array(concat(genuine, filler))
    return { points, count: points.length / POINT_BYTES, tauH: this.#genuine.tauH }
  }

  /** Filler is remembered: a point takes a third of a millisecond, and there are tens of thousands. */
  #fillerOf(label: string, from: number, to: number): Uint8Array {
    const key = `${label} ${to}`
    const known = this.#filler.get(key) ?? { from: to, points: new Uint8Array() }
    if (from < known.from) {
      const points = concat(fillerPoints(label, from, known.from), known.points)
      this.#filler.set(key, { from, points })
      return points
    }
    return known.points.subarray((from - known.from) * POINT_BYTES)
  }
}
