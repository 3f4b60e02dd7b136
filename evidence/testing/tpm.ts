import { type EvidenceFile, NOT_CONFIDENTIAL } from '@vouch/evidence'
import {
  newSimulatedTpm,
  type SimulatedAzureReport,
  type SimulatedMachine,
  type SimulatedQuote,
  simulatedAzure,
} from '@vouch/evidence/simulated'
import { concat, toHex } from '@vouch/protocol'
import { openSimulatedAuthority } from '../../fixtures/simulated-tpm/index.js'
import { machine, pinsJson, report, rootsOf, vendor } from './simulated.js'

export const authority = openSimulatedAuthority()
export const tpm = await newSimulatedTpm()
const azure = await simulatedAzure(vendor)

/** Values of the PCRs that a unified kernel image is pinned by. */
export const pcrs: ReadonlyMap<number, Uint8Array> = new Map(
  [0, 2, 4, 7, 11].map((index) => [index, new Uint8Array(32).fill(0xb0 + index)]),
)
export const extraData = Uint8Array.from({ length: 32 }, (_, i) => 32 - i)

/** A simulated TPM's quote, with what is asked for changed. */
export const attestTpm = (changes: Partial<SimulatedQuote> = {}): Promise<readonly EvidenceFile[]> =>
  authority.attest(tpm, { extraData, pcrs, ...changes })

/** A simulated machine of Azure, with what is asked for changed. */
export const attestAzure = (
  changes: Partial<SimulatedAzureReport> & { readonly machine?: Partial<SimulatedMachine> } = {},
): Promise<readonly EvidenceFile[]> => {
  const { reportData, measurement } = report
  return azure.attest({ ...machine, ...changes.machine }, { reportData, measurement, pcrs, ...changes })
}

export const pcrsJson = (values: ReadonlyMap<number, Uint8Array>) =>
  [...values].map(([index, value]) => ({ index, values: [toHex(value)] }))

export const quotePinsJson = {
  hashes: ['sha256'],
  boot: 'unified_kernel',
  bank: 'sha256',
  pcrs: pcrsJson(pcrs),
}

export const tpmPinsJson = (kind: 'tpm' | 'simulated-tpm' = 'simulated-tpm') => ({
  confidential: NOT_CONFIDENTIAL,
  roots: rootsOf(kind),
  keys: [] as string[],
  firmware: 'any',
  ...quotePinsJson,
})

const { boot: _, vmpl: __, ...snpJson } = pinsJson
export const azurePinsJson = { ...snpJson, ...quotePinsJson }

/** An event of a log of SHA-1 digests. */
export function tcg12Event(
  index: number,
  digest: Uint8Array,
  { type = 8, data = Uint8Array.of(1, 2, 3) }: { readonly type?: number; readonly data?: Uint8Array } = {},
): Uint8Array {
  const header = new DataView(new ArrayBuffer(32))
  header.setUint32(0, index, true)
  header.setUint32(4, type, true)
  header.setUint32(28, data.length, true)
  const bytes = new Uint8Array(header.buffer)
  bytes.set(digest, 8)
  return concat(bytes, data)
}
