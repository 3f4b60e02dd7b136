import {
  appraise,
  type Claims,
  type EvidenceFile,
  encodeSpdm,
  gpuDigestOf,
  inspect,
  NVIDIA_ANCHORS,
  parseCertificate,
  parseEvidence,
  parseSpdm,
} from '@vouch/evidence'
import type { SimulatedGpu } from '@vouch/evidence/simulated'
import { concat, type ErrorCode, exitStatus, gpuDigest, toHex, VouchError } from '@vouch/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openSimulatedNvidia, pem } from '../../../fixtures/simulated-nvidia/index.js'
import { AuthenticEvidence } from '../../src/read/evidence.js'
import { keyCertificate } from '../../src/x509/issue/key-certificate.js'
import { ECDSA_SHA384, rawSignature, signingKey } from '../../src/x509/issue/schemes.js'
import { fileOf } from '../../testing/files.js'
import { quoteGuest } from '../../testing/intel.js'
import { judge } from '../../testing/samples.js'
import {
  attest as attestMachine,
  authenticated,
  codesOf,
  NOW,
  policyJson,
  policyOf,
  report,
} from '../../testing/simulated.js'

// Each check of devices, broken alone; and of machines with devices in them.

const vendor = openSimulatedNvidia()
const LIFE = { notBefore: NOW - 60, notAfter: NOW + 60 }
const nonce = new Uint8Array(32).fill(0x99)
const attest = (changes: Partial<SimulatedGpu> = {}): Promise<readonly EvidenceFile[]> =>
  vendor.attest({ nonce, ...changes })

describe('a device', () => {
  test.each(['composite', 'fields'] as const)('is authentic with the %s form of TcbInfo', async (form) => {
    const { authentic, failures } = await authenticated(await attest({ form }))
    expect(failures).toEqual([])
    expect(authentic?.claims).toMatchObject({
      kind: 'simulated-nvidia',
      devices: [{ driver: '590.12', vbios: '000000019600a500', nonce }],
    })
  })

  test.each<[string, () => Promise<readonly EvidenceFile[]>, readonly ErrorCode[]]>([
    [
      'another signature',
      () => attest({ fields: { signature: new Uint8Array(96).fill(1) } }),
      ['EVIDENCE_SIGNATURE_FALSE'],
    ],
    [
      'no certificate of a device',
      async () => [fileOf(await attest(), 'evidence.bin')],
      ['COLLATERAL_MISSING'],
    ],
    [
      'an issuer left out',
      async () => (await attest()).filter(({ name }) => name !== 'device.der'),
      ['COLLATERAL_MISSING'],
    ],
    [
      'another FWID than its key is for',
      async () => {
        const [message, ...chain] = await attest()
        const other = await attest({ fwid: new Uint8Array(48) })
        return [message ?? fileOf(other, 'evidence.bin'), ...other.slice(1, 2), ...chain.slice(1)]
      },
      ['CERTIFICATE_MISMATCH'],
    ],
    [
      'another device key than issued it',
      async () => {
        const root = parseCertificate(fileOf(await attest(), 'root.der').bytes)
        return attest({ certifiedBy: root.spki })
      },
      ['CERTIFICATE_MISMATCH'],
    ],
    [
      'a certificate that is not in force',
      () => attest({ certificate: { notAfter: NOW - 1 } }),
      ['CERTIFICATE_EXPIRED'],
    ],
    [
      'bytes behind its signature',
      () => attest({ fields: { trailing: Uint8Array.of(0, 1) } }),
      ['EVIDENCE_TRAILING'],
    ],
    [
      'a certificate that is in no chain',
      async () => [...(await attest()), ...(await attestMachine()).slice(-1)],
      ['COLLATERAL_CONFLICT'],
    ],
  ])('is refused with %s', async (_, files, codes) => {
    expect(await codesOf(await files())).toEqual(codes)
  })

  test.each<[string, readonly string[]]>([
    ['its issuer', ['device.der']],
    ['the root', ['root.der']],
    ['its own certificate', ['leaf.der']],
    ['every certificate but the root', ['leaf.der', 'device.der']],
    ['all of them', ['leaf.der', 'device.der', 'root.der']],
  ])('whose chain lacks %s is undecided', async (_, missing) => {
    const files = (await attest()).filter(({ name }) => !missing.includes(name))
    expect(new Set(await codesOf(files))).toEqual(new Set(['COLLATERAL_MISSING']))
    expect(await judge(files, NOW)).toBe(4)
  })

  test('beside one whose certificate is missing is undecided, and false when a certificate was given for it', async () => {
    const [message, ...chain] = await attest()
    if (message === undefined) throw new Error('there must be a message')
    const { message: other } = await strangersMessage()
    const files = [message, ...chain, other]
    expect(await codesOf(files)).toEqual(['COLLATERAL_MISSING'])
    // A leaf that signed nothing is there for the message that no leaf signed.
    const spare = fileOf(await attest({ fwid: new Uint8Array(48).fill(7) }), 'leaf.der')
    expect(await codesOf([...files, { ...spare, name: 'spare.der' }])).toContain('EVIDENCE_SIGNATURE_FALSE')
    expect(await judge([...files, { ...spare, name: 'spare.der' }], NOW)).toBe(2)
  })

  test('whose chain is not whole is false with a chain that is another’s', async () => {
    const { message, leaf } = await strangersMessage()
    const [, , ...issuers] = await attest()
    expect(await judge([message, leaf, ...issuers], NOW)).toBe(2)
    const [, ...chain] = await attest()
    expect(await judge([message, ...chain], NOW)).toBe(2)
  })

  test('may have zeros behind its signature: they are said to be padding', async () => {
    const { failures, notChecked } = await authenticated(
      await attest({ fields: { trailing: new Uint8Array(3) } }),
    )
    expect(failures).toEqual([])
    expect(notChecked).toContain('3 bytes of zeros behind a signature: padding')
  })

  test('under a root that is not pinned is false, whatever it is called', async () => {
    const files = await attest()
    const device = parseCertificate(fileOf(files, 'device.der').bytes)
    const stranger = await keyCertificate(
      { serial: 1, commonName: 'SIMULATED-NVIDIA-ROOT', spki: device.spki, ...LIFE, pathLength: 1 },
      {
        subject: device.issuer,
        key: await signingKey(pem('device.key.pem'), ECDSA_SHA384.key),
        scheme: ECDSA_SHA384,
      },
    )
    const others = files.filter(({ name }) => name !== 'root.der')
    expect(await codesOf([...others, { name: 'root.der', bytes: stranger }])).toEqual(['CHAIN_FALSE'])
  })
})

/** A message by a key of somebody's, with a certificate by that key itself. */
async function strangersMessage(): Promise<{ message: EvidenceFile; leaf: EvidenceFile }> {
  const good = parseSpdm(fileOf(await attest(), 'evidence.bin').bytes)
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, ['sign'])
  const unsigned = encodeSpdm({ ...good, signature: new Uint8Array() })
  const signature = await rawSignature(pair.privateKey, 'SHA-384', unsigned)
  const { issuer, extensions } = parseCertificate(fileOf(await attest(), 'leaf.der').bytes)
  const leaf = await keyCertificate(
    {
      ...{ serial: 9, commonName: 'somebody’s', ...LIFE },
      spki: new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey)),
      extensions: [...extensions]
        .filter(([id]) => id.startsWith('2.23.'))
        .map(([id, { value }]) => [id, value]),
    },
    { subject: issuer, key: pair.privateKey, scheme: ECDSA_SHA384 },
  )
  return {
    message: { name: 'stranger.bin', bytes: encodeSpdm({ ...good, signature }) },
    leaf: { name: 'stranger.der', bytes: leaf },
  }
}

describe('bytes that are no message of a device', () => {
  const codeOf = (bytes: Uint8Array): ErrorCode | undefined => {
    try {
      parseSpdm(bytes)
      return undefined
    } catch (error) {
      if (error instanceof VouchError) return error.code
      throw error
    }
  }
  test.each<[string, (good: Uint8Array) => Uint8Array, ErrorCode]>([
    ['another version of SPDM', (good) => good.with(0, 0x12), 'VERSION_UNKNOWN'],
    ['a response for another slot', (good) => good.with(36, 1), 'NOT_CANONICAL'],
    ['fewer blocks than it says', (good) => good.with(41, 63), 'NOT_CANONICAL'],
    ['a block out of its order', (good) => good.with(45, 9), 'NOT_CANONICAL'],
    ['a block that is no digest', (good) => good.with(49, 2), 'NOT_CANONICAL'],
    ['an end too soon', (good) => good.subarray(0, -1), 'TRUNCATED'],
  ])('%s', async (_, change, code) => {
    expect(codeOf(change(fileOf(await attest(), 'evidence.bin').bytes))).toBe(code)
  })

  test('a field of opaque data twice', async () => {
    const twice = [1, 1].map((type) => ({ type, value: new Uint8Array(1) }))
    const files = await attest({ fields: { opaque: twice } })
    expect(codeOf(fileOf(files, 'evidence.bin').bytes)).toBe('NOT_CANONICAL')
  })

  test('reading and writing again gives the same bytes, or nothing is read', async () => {
    const good = fileOf(await attest(), 'evidence.bin').bytes
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(3), (at, byte, cut) => {
        const bytes = good.with(at, byte).subarray(0, good.length - cut)
        try {
          expect(encodeSpdm(parseSpdm(bytes))).toEqual(bytes)
        } catch (error) {
          if (!(error instanceof VouchError)) throw error
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a machine with a device in it', () => {
  const roots = NVIDIA_ANCHORS.filter(({ kind }) => kind === 'simulated-nvidia').map(({ spki }) =>
    toHex(spki),
  )
  const gpus = { required: true, roots, drivers: ['590.12'], vbios: [], fwids: ['f1'.repeat(48)] }
  const policy = (changes: object = {}) => policyOf({ ...policyJson, gpus: { ...gpus, ...changes } })
  const bound = concat(new Uint8Array(32), nonce)
  const composite = async (reportData: Uint8Array, gpu: Partial<SimulatedGpu> = {}) => {
    const files = [...(await attestMachine({ report: { reportData } })), ...(await attest(gpu))]
    const { authentic, failures } = await authenticated(files)
    if (authentic === undefined) throw new Error(JSON.stringify(failures))
    return authentic
  }
  const codes = ({ failures }: { failures: readonly { code: string }[] }) => failures.map(({ code }) => code)

  test('is accepted when it had the device’s nonce signed, in either half', async () => {
    expect(codes(appraise(await composite(bound), policy(), NOW, { nonce: null }))).toEqual([])
    expect(codes(appraise(await composite(bound.toReversed()), policy(), NOW, { nonce: null }))).toEqual([])
    expect(codes(inspect(await composite(bound), { nonce: null }))).toEqual(['SIMULATED_NOT_ACCEPTED'])
  })

  test('may be a guest of TDX, whose chain and the devices’ are told apart', async () => {
    const files = [...(await quoteGuest({ guest: { reportData: bound } })), ...(await attest())]
    const { authentic, failures } = await authenticated(files)
    expect(failures).toEqual([])
    if (authentic === undefined) throw new Error('it must be authentic')
    expect(codes(inspect(authentic, { nonce: null }))).toEqual(['SIMULATED_NOT_ACCEPTED'])
  })

  test('is simulated when its devices are, whatever it is itself', async () => {
    const evidence = await composite(bound)
    const { failures } = inspect(evidence, { nonce: null })
    expect(failures.map(({ given }) => given)).toEqual(['simulated-snp'])
    const [device] = evidence.claims.devices ?? []
    expect(device?.root.kind).toBe('simulated-nvidia')
    const genuine = new AuthenticEvidence({ ...evidence.claims, kind: 'sev-snp' } as Claims)
    expect(inspect(genuine, { nonce: null }).failures.map(({ code, given }) => [code, given])).toEqual([
      ['SIMULATED_NOT_ACCEPTED', 'simulated-nvidia'],
    ])
  })

  test('has certificates of its own, and its devices theirs', async () => {
    const { evidence } = await parseEvidence([...(await attestMachine()), ...(await attest())])
    if (evidence.format !== 'composite' || evidence.machine.format !== 'snp')
      throw new Error('it must be both')
    expect([evidence.machine.certificates.length, evidence.devices.certificates.length]).toEqual([3, 3])
    const other = fileOf(await attest({ fwid: new Uint8Array(48).fill(2) }), 'leaf.der')
    const files = [
      ...(await attestMachine({ report: { reportData: bound } })),
      ...(await attest()),
      { ...other, name: 'other.der' },
    ]
    expect(await codesOf(files)).toEqual(['COLLATERAL_CONFLICT'])
  })

  test('is false when what it had signed does not say that the device is in it', async () => {
    expect(codes(inspect(await composite(report.reportData), { nonce: null }))).toEqual([
      'SIMULATED_NOT_ACCEPTED',
      'GPU_NOT_BOUND',
    ])
    const { failures } = appraise(await composite(report.reportData), policy(), NOW, { nonce: null })
    expect([codes({ failures }), exitStatus(failures)]).toEqual([['GPU_NOT_BOUND'], 2])
  })

  test('is accepted by who knows its gpu_digest, and false by another digest or nonce', async () => {
    const evidence = await composite(report.reportData)
    const digest = gpuDigestOf(evidence.claims.devices ?? [])
    const expecting = (changes: object = {}) =>
      codes(appraise(evidence, policy(), NOW, { nonce: null, gpus: { digest, nonce, ...changes } }))
    expect(expecting()).toEqual([])
    expect(expecting({ digest: gpuDigest([]) })).toEqual(['GPU_MISMATCH'])
    expect(expecting({ nonce: new Uint8Array(32) })).toEqual(['GPU_MISMATCH'])
  })

  test.each<[string, object]>([
    ['driver', { drivers: ['575.32'] }],
    ['VBIOS', { vbios: ['00'] }],
    ['firmware', { fwids: ['00'.repeat(48)] }],
  ])('is refused for another %s than the policy names', async (_, changes) => {
    expect(codes(appraise(await composite(bound), policy(changes), NOW, { nonce: null }))).toEqual([
      'GPU_NOT_ACCEPTED',
    ])
  })

  test('is refused where a policy says nothing of GPUs, and without one where it wants one', async () => {
    expect(codes(appraise(await composite(bound), policyOf(policyJson), NOW, { nonce: null }))).toEqual([
      'GPU_NOT_ACCEPTED',
    ])
    const { authentic } = await authenticated(await attestMachine())
    if (authentic === undefined) throw new Error('it must be authentic')
    expect(codes(appraise(authentic, policy(), NOW, { nonce: null }))).toEqual(['GPU_NOT_ACCEPTED'])
    expect(codes(appraise(authentic, policy({ required: false }), NOW, { nonce: null }))).toEqual([])
  })

  test('is pinned by a policy that loads: not alone, not among genuine machines', () => {
    const genuine = NVIDIA_ANCHORS.filter(({ kind }) => kind === 'nvidia-gpu').map(({ spki }) => toHex(spki))
    const unsound = expect.objectContaining({ code: 'POLICY_UNSOUND' })
    expect(() => policy({ roots: genuine })).toThrow(unsound)
    expect(() => policy({ roots: ['00'.repeat(32)] })).toThrow(unsound)
    expect(() => policyOf({ ...policyJson, evidence: { 'simulated-nvidia': gpus } })).toThrow(unsound)
  })
})
