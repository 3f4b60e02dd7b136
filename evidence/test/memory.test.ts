import { sha256 } from '@noble/hashes/sha2.js'
import { ANCHORS, type EvidenceFile, examine, parseCertificate } from '@vouch/evidence'
import type { SimulatedEnclave } from '@vouch/evidence/simulated'
import { equalBytes, toHex } from '@vouch/protocol'
import { afterEach, expect, test, vi } from 'vitest'
import { openSimulatedNitro } from '../../fixtures/simulated-nitro/index.js'
import { openSimulatedNvidia } from '../../fixtures/simulated-nvidia/index.js'
import { needs } from '../../test/support/needs.js'
import { blocksIn } from '../src/read/files.js'
import { unpacked } from '../src/read/pack.js'
import { certificatesInside, partOf } from '../src/read/parts.js'
import { TABLES } from '../src/tables/tables.js'
import { quoteEnclave, quoteGuest } from '../testing/intel.js'
import { openSample, time } from '../testing/samples.js'
import { attest, NOW } from '../testing/simulated.js'
import { attestAzure, attestTpm } from '../testing/tpm.js'

// Keys of pinned roots are the one thing that one judgement leaves for the next: whatever else was remembered, an attacker would
// have put there.

afterEach(() => vi.restoreAllMocks())

interface Work {
  readonly verified: number
  /** The keys that were imported, as the bytes they were imported from. */
  readonly imported: readonly string[]
}

async function workOf(files: readonly EvidenceFile[], at: number): Promise<Work> {
  const verify = vi.spyOn(crypto.subtle, 'verify')
  const importKey = vi.spyOn(crypto.subtle, 'importKey')
  const { authentic } = await examine(files, at)
  expect(authentic).toBeDefined()
  const imported = importKey.mock.calls.map(([, data]) => toHex(new Uint8Array(data as Uint8Array)))
  const work = { verified: verify.mock.calls.length, imported: imported.sort() }
  vi.restoreAllMocks()
  return work
}

/** The certificates in a file, or inside evidence that is one. */
function certificatesIn(bytes: Uint8Array): readonly Uint8Array[] {
  const name = partOf(TABLES, bytes)
  if (name !== undefined) return certificatesInside(TABLES, name, bytes)
  return blocksIn(bytes).flatMap(({ label, der }) => (label === 'CERTIFICATE' ? [der] : []))
}

/** The keys of pinned roots that came along. WebCrypto takes them whole, or the point that they end with. */
const rootKeys = (files: readonly EvidenceFile[]): readonly string[] =>
  files
    .flatMap((file) => unpacked(TABLES, file))
    .flatMap(({ bytes }) => certificatesIn(bytes))
    .map((der) => parseCertificate(der).spki)
    .filter((spki) => ANCHORS.some((anchor) => equalBytes(anchor.spki, sha256(spki))))
    .map(toHex)

async function expectNothingKept(files: readonly EvidenceFile[], at: number): Promise<void> {
  const first = await workOf(files, at)
  const second = await workOf(files, at)
  expect(first.verified).toBeGreaterThan(0)
  expect(second.verified).toBe(first.verified)
  const kept = [...first.imported]
  for (const key of second.imported) {
    expect(kept).toContain(key)
    kept.splice(kept.indexOf(key), 1)
  }
  const roots = rootKeys(files)
  for (const key of kept) expect(roots.filter((root) => root.endsWith(key))).not.toEqual([])
}

const image = [1, 2, 3].map((byte) => new Uint8Array(48).fill(byte)) as unknown as SimulatedEnclave['image']

test.each<[string, () => Promise<readonly EvidenceFile[]>]>([
  ['SEV-SNP', () => attest()],
  ['TDX', () => quoteGuest()],
  ['SGX', () => quoteEnclave()],
  ['Nitro', () => openSimulatedNitro().attest({ image, at: NOW })],
  ['NVIDIA', () => openSimulatedNvidia().attest({ nonce: new Uint8Array(32).fill(5) })],
  ['a TPM', () => attestTpm()],
  ['Azure', () => attestAzure()],
])('evidence of %s is judged a second time as it was the first, but for keys of roots', async (_, files) => {
  await expectNothingKept(await files(), NOW)
})

test.for(['snp/milan-v2', 'tdx/v4-uptodate-b0c06f', 'nitro/prod-2022', 'nvidia-gpu/hopper-570-fwid'])(
  '%s is judged a second time as it was the first, but for keys of roots',
  async (folder, context) => {
    needs.samples(context)
    const { given, expected } = openSample(folder)
    await expectNothingKept(given, time(expected.verification_time))
  },
)
