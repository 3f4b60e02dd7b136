import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { VouchError } from './errors.js'
import { assertLength, fieldToBytes, P } from './hashes/field.js'
import { p2, TAG } from './hashes/poseidon2.js'
import { ascii, concat, fromInteger, toInteger } from './notation/bytes.js'

/** Draws a holder secret. Drawn again while it is no field element: reducing it would favour small ones. */
export function drawHolderSecret(random: (size: number) => Uint8Array): bigint {
  for (;;) {
    const secret = toInteger(assertLength(random(32), 32, 'randomness'))
    if (secret < P) return secret
  }
}

/** C: hides which service tree, and which holder, was admitted. */
export function credential(smtRoot: bigint, holderSecret: bigint): bigint {
  return p2(TAG.CRED, assertNotEmpty(smtRoot), holderSecret)
}

function assertNotEmpty(smtRoot: bigint): bigint {
  if (smtRoot !== 0n) return smtRoot
  throw new VouchError('VALUE_OUT_OF_RANGE', { rule: 'an empty service tree cannot be enrolled' })
}

/** What the registry holds for an admitted credential: computed where it is inserted, never handed in. */
export function registryLeaf(credential: bigint, policyId: bigint, expiresAt: number): bigint {
  return p2(TAG.LEAF, credential, policyId, BigInt(assertTime(expiresAt, 'expires_at')))
}

/** A pseudonym of the holder's secret within one scope, and nothing more. */
export function nullifier(holderSecret: bigint, scope: bigint): bigint {
  return p2(TAG.NULL, holderSecret, scope)
}

/** Binds evidence to one admitter and one credential. */
export function admissionNonce(admitterId: Uint8Array, random: Uint8Array, credential: bigint): Uint8Array {
  assertLength(admitterId, 32, 'admitter id')
  assertLength(random, 32, 'randomness')
  return sha256(concat(ascii('vouch-nonce-v1'), admitterId, random, fieldToBytes(credential, 'credential')))
}

/** The nonce under which GPUs give their evidence. */
export function gpuNonce(nonce: Uint8Array): Uint8Array {
  return sha256(concat(ascii('vouch-gpu-nonce-v1'), assertLength(nonce, 32, 'nonce')))
}

/** Zero without GPUs; else a hash of each device's canonical evidence. */
export function gpuDigest(devices: readonly Uint8Array[]): Uint8Array {
  if (devices.length === 0) return new Uint8Array(32)
  const parts = devices.map((evidence) => concat(fromInteger(evidence.length, 4), evidence))
  return sha256(concat(ascii('vouch-gpu-v1'), fromInteger(devices.length, 2), ...parts))
}

/** What REPORT_DATA says besides image and services. */
export function auxOf(gpuDigest: Uint8Array, nonce: Uint8Array): Uint8Array {
  return sha256(
    concat(
      ascii('vouch-aux-v1'),
      assertLength(gpuDigest, 32, 'GPU digest'),
      assertLength(nonce, 32, 'nonce'),
    ),
  )
}

/** REPORT_DATA: what the hardware signs. */
export function reportData(osImageHash: Uint8Array, smtRoot: bigint, aux: Uint8Array): Uint8Array {
  return sha512(
    concat(
      ascii('vouch-report-v1'),
      assertLength(osImageHash, 32, 'OS image hash'),
      fieldToBytes(assertNotEmpty(smtRoot), 'service tree root'),
      assertLength(aux, 32, 'aux'),
    ),
  )
}

/** REPORT_DATA for slots of 32 bytes: a TPM's qualifying data, Azure's quote. */
export function shortReportData(reportData: Uint8Array): Uint8Array {
  return sha256(assertLength(reportData, 64, 'REPORT_DATA'))
}

/** Largest time that any format holds; the circuit compares times in this range. */
export const MAX_TIME = 2 ** 40 - 1

/** Refuses what is no time: whole seconds since 1970, below 2^40. */
export function assertTime(seconds: number, what: string): number {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_TIME) return seconds
  throw new VouchError('VALUE_OUT_OF_RANGE', {
    rule: `${what} must be whole seconds below 2^40`,
    given: String(seconds),
  })
}
