import { P } from '@vouch/protocol'
import type { Inputs } from '../../src/witness.js'
import { choicesOf, hex, type Limbs, respondFrom, signing, withValue } from './scene.js'
import { RULES, respond, type Trial } from './trial.js'

// Every bound of `respond`, at its last value inside and its first outside.

const LIMB = 1n << 128n
const TIME = 1n << 40n
const NOT_A_BYTE = "inputs must have the shape of the circuit's ABI, and be values that it can be run on"

export function boundTrials(): readonly Trial[] {
  return [...timeTrials(), ...digestTrials(), ...byteTrials()]
}

function timeTrials(): readonly Trial[] {
  const choices = choicesOf(5)
  const left = (seconds: bigint): Inputs => respondFrom({ ...choices, expiresAt: choices.now + seconds })
  return [
    respond('a credential that expires in this very second is accepted', left(0n)),
    respond('a credential that expired a second ago', left(-1n), RULES.outOfRange),
    respond('an expiry 2^40 - 1 s ahead is accepted', left(TIME - 1n)),
    respond('an expiry 2^40 s ahead', left(TIME), RULES.outOfRange),
    respond('an expiry half the field ahead', left((P + 1n) / 2n), RULES.outOfRange),
  ]
}

function digestTrials(): readonly Trial[] {
  const choices = choicesOf(6)
  const widest = (limb: number): Limbs => (limb === 0 ? [LIMB - 1n, 5n] : [5n, LIMB - 1n])
  return ['high', 'low'].flatMap((limb, i) => {
    const honest = respondFrom(signing(choices, 6, widest(i)))
    return [
      respond(`a ${limb} limb of the digest of 2^128 - 1 is accepted`, honest),
      respond(
        `a ${limb} limb of the digest of 2^128`,
        withValue(honest, ['digest', i], hex(LIMB)),
        RULES.tooWide,
      ),
      respond(
        `a ${limb} limb of the digest of p - 1`,
        withValue(honest, ['digest', i], hex(-1n)),
        RULES.tooWide,
      ),
    ]
  })
}

/** Solving stops before the circuit here: noir_js reads the ABI, where these are bytes. */
function byteTrials(): readonly Trial[] {
  const honest = respondFrom(choicesOf(7))
  return [['service', 'public_key', 'x'], ['service', 'public_key', 'y'], ['signature']].flatMap((place) =>
    [0, 31].map((at) =>
      respond(`${place.at(-1)}[${at}] of 256`, withValue(honest, [...place, at], 256), NOT_A_BYTE),
    ),
  )
}
