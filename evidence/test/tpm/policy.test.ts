import { appraise, type EvidenceFile, inspect } from '@vouch/evidence'
import { type ErrorCode, toHex } from '@vouch/protocol'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import { describe, expect, test } from 'vitest'
import { fileOf, withFile } from '../../testing/files.js'
import { authenticated, NOW, policyFor, policyOf } from '../../testing/simulated.js'
import { attestTpm, pcrs, pcrsJson, tpm, tpmPinsJson } from '../../testing/tpm.js'
import { signed } from '../../testing/tpm-structures.js'

describe('a policy for TPMs', () => {
  const pins = tpmPinsJson()
  const failing = async (changes: object, files?: readonly EvidenceFile[]) => {
    const { authentic } = await authenticated(files ?? (await attestTpm()))
    if (authentic === undefined) throw new Error('it must be authentic')
    const policy = policyOf(policyFor(authentic.claims.kind, { ...pins, ...changes }))
    return appraise(authentic, policy, NOW, { nonce: null }).failures.map(({ code, field }) => [code, field])
  }

  test('accepts what it pins', async () => {
    expect(await failing({})).toEqual([])
  })

  test('accepts a key without a chain that it names, and no other', async () => {
    const files = [
      ...(await attestTpm()).filter(({ name }) => !name.endsWith('.der')),
      { name: 'key.der', bytes: tpm.spki },
    ]
    const { authentic } = await authenticated(files)
    const key = (authentic?.claims as { attestationKey: Uint8Array } | undefined)?.attestationKey
    expect(await failing({ roots: [], keys: [toHex(key ?? new Uint8Array())] }, files)).toEqual([])
    expect(await failing({ roots: [], keys: ['00'.repeat(32)] }, files)).toEqual([
      ['COLLATERAL_MISSING', 'roots'],
    ])
  })

  test.each<[string, object, readonly [ErrorCode, string]]>([
    ['another root', { roots: [], keys: ['00'.repeat(32)] }, ['VENDOR_ROOT_NOT_ACCEPTED', 'roots']],
    ['other firmware', { firmware: ['00'.repeat(8)] }, ['MEASUREMENT_NOT_ACCEPTED', 'firmware']],
    ['another hash', { hashes: ['sha384'] }, ['ALGORITHM_TOO_WEAK', 'hashes']],
    [
      'another value of a PCR',
      { pcrs: pcrsJson(new Map([...pcrs, [4, new Uint8Array(32)]])) },
      ['MEASUREMENT_NOT_ACCEPTED', 'pcrs.4'],
    ],
    [
      'a PCR that was not quoted',
      { pcrs: pcrsJson(new Map([...pcrs, [9, new Uint8Array(32)]])) },
      ['MEASUREMENT_NOT_ACCEPTED', 'pcrs.9'],
    ],
  ])('refuses %s', async (_, changes, failure) => {
    expect(await failing(changes)).toEqual([failure])
  })

  test('cannot tell without the values of PCRs', async () => {
    const files = withFile(await attestTpm(), 'pcrs.json', () => undefined)
    expect(new Set((await failing({}, files)).map(([code]) => code))).toEqual(new Set(['COLLATERAL_MISSING']))
  })

  test.each<[string, ErrorCode, object]>([
    ['that does not say that a TPM is not confidential', 'MEMBER_MISSING', { confidential: undefined }],
    ['that says so in other words', 'VALUE_OUT_OF_RANGE', { confidential: 'yes' }],
    ['of neither roots nor keys', 'POLICY_UNSOUND', { roots: [] }],
    ['of a root that nobody pinned', 'POLICY_UNSOUND', { roots: ['00'.repeat(32)] }],
    ['of SHA-1', 'VALUE_OUT_OF_RANGE', { hashes: ['sha1'] }],
    ['of no hash', 'TOO_LARGE', { hashes: [] }],
    ['of a bank of SHA-1', 'VALUE_OUT_OF_RANGE', { bank: 'sha1' }],
    ['of another bank’s values', 'POLICY_UNSOUND', { bank: 'sha384' }],
    [
      'that leaves out the boot loader',
      'POLICY_UNSOUND',
      { pcrs: pcrsJson(new Map([...pcrs].filter(([i]) => i !== 4))) },
    ],
    ['of what GRUB boots, without what it reads', 'POLICY_UNSOUND', { boot: 'grub' }],
    [
      'of a PCR that there is not',
      'VALUE_OUT_OF_RANGE',
      { pcrs: pcrsJson(new Map([...pcrs, [24, new Uint8Array(32)]])) },
    ],
    [
      'of a PCR twice',
      'POLICY_UNSOUND',
      { pcrs: [...pins.pcrs, ...pcrsJson(new Map([[4, new Uint8Array(32)]]))] },
    ],
    ['of no firmware', 'TOO_LARGE', { firmware: [] }],
    ['of firmware in other words', 'VALUE_MALFORMED', { firmware: 'all' }],
  ])('%s does not load', (_, code, changes) => {
    expect(refusalOf(() => policyOf(policyFor('simulated-tpm', { ...pins, ...changes }))).code).toBe(code)
  })
})

describe('without a policy', () => {
  const codes = async (files: readonly EvidenceFile[]) => {
    const { authentic } = await authenticated(files)
    if (authentic === undefined) throw new Error('it must be authentic')
    return inspect(authentic, { nonce: null }).failures.map(({ code }) => code)
  }

  test('simulated quotes are refused', async () => {
    expect(await codes(await attestTpm())).toEqual(['SIMULATED_NOT_ACCEPTED'])
  })

  test('a key without a chain and without a pin is refused', async () => {
    const files = withFile(await attestTpm(), 'ak.der', () => tpm.spki)
    expect(await codes(files)).toEqual(['COLLATERAL_MISSING'])
  })

  test('a quote that rests on SHA-1 is refused: by its signature, and by its PCRs', async () => {
    const files = await attestTpm({ fields: { selections: [{ hash: 'sha1', pcrs: [] }] } })
    const without = withFile(files, 'pcrs.json', () => undefined)
    expect(await codes(without)).toEqual(['SIMULATED_NOT_ACCEPTED', 'ALGORITHM_TOO_WEAK'])
    const weak = await signed(fileOf(await attestTpm(), 'quote_msg.bin').bytes, 'sha1')
    const bySha1 = withFile(
      withFile(await attestTpm(), 'quote_sig.bin', () => weak),
      'pcrs.json',
      () => undefined,
    )
    expect(await codes(bySha1)).toEqual(['SIMULATED_NOT_ACCEPTED', 'ALGORITHM_TOO_WEAK'])
  })
})
