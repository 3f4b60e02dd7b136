import { sha256 } from '@noble/hashes/sha2.js'
import { concat, shortReportData, toHex } from '@vouch/protocol'
import { encodeHcl } from '../azure/hcl.js'
import type { HclReport } from '../azure/types.js'
import type { EvidenceFile } from '../evidence.js'
import { encodeAttest } from '../tpm/attest.js'
import { printPcrs } from '../tpm/pcrs.js'
import type { PcrBank, Quote } from '../tpm/types.js'
import { owned } from '../x509/keys.js'
import { quoteOf } from './tpm.js'
import type { SimulatedMachine, SimulatedReport, SimulatedVendor } from './vendor.js'

/** What a simulated machine of Azure says; the rest is as an ordinary one has it. */
export interface SimulatedAzureReport {
  /** What the guest binds: it becomes user-data, and its hash the quote's extraData. */
  readonly reportData: Uint8Array
  readonly measurement: Uint8Array
  /** Values of the virtual TPM's SHA-256 bank. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>
  /** What is otherwise than all this makes it, in each of the parts. */
  readonly snp?: Partial<SimulatedReport>
  readonly hcl?: Partial<HclReport>
  readonly quote?: Partial<Omit<Quote, 'type'>>
  readonly runtime?: Readonly<Record<string, unknown>>
}

/** Makes evidence in the format of Azure's confidential virtual machines that is worth nothing. */
export interface SimulatedAzure {
  /** HCL report, quote, bare signature, PCR values, and the certificates of the simulated vendor. */
  attest(machine: SimulatedMachine, report: SimulatedAzureReport): Promise<readonly EvidenceFile[]>
}

const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
const RSA_KEY = { ...RSA, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) }

/** A virtual TPM with an attestation key of its own, on machines of the simulated vendor. */
export async function simulatedAzure(vendor: SimulatedVendor): Promise<SimulatedAzure> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(RSA_KEY, true, ['sign', 'verify'])
  const { n, e } = await crypto.subtle.exportKey('jwk', publicKey)
  return {
    async attest(machine, { reportData, measurement, pcrs, snp, hcl, quote, runtime }) {
      const runtimeData = new TextEncoder().encode(
        JSON.stringify({
          keys: [{ kid: 'HCLAkPub', key_ops: ['sign'], kty: 'RSA', e, n }],
          'vm-configuration': { 'secure-boot': true, 'tpm-enabled': true },
          'user-data': toHex(reportData).toUpperCase(),
          ...runtime,
        }),
      )
      const bound = concat(sha256(runtimeData), new Uint8Array(32))
      const [report, ...chain] = await vendor.attest(machine, { reportData: bound, measurement, ...snp })
      const hardwareReport = report?.bytes ?? new Uint8Array()
      const layer = { version: 2, hardware: 'snp', hash: 'sha256', hardwareReport, runtimeData } as const
      const bank: PcrBank = { bank: 'sha256', values: pcrs }
      const content = encodeAttest({ ...quoteOf(shortReportData(reportData), bank), ...quote })
      const signature = await crypto.subtle.sign(RSA, privateKey, owned(content))
      return [
        { name: 'hcl_report.bin', bytes: encodeHcl({ ...layer, ...hcl }) },
        { name: 'quote_msg.bin', bytes: content },
        { name: 'quote_sig.bin', bytes: new Uint8Array(signature) },
        { name: 'pcrs.json', bytes: new TextEncoder().encode(printPcrs(bank)) },
        ...chain,
      ]
    },
  }
}
