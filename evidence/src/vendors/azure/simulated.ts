import { sha256 } from '@noble/hashes/sha2.js'
import { concat, shortReportData, toHex } from '@vouch/protocol'
import type { EvidenceFile } from '../../core/file.js'
import { RSA_SHA256 } from '../../x509/issue/schemes.js'
import {
  type SimulatedDcapCollateral,
  type SimulatedIntel,
  type SimulatedIntelPlatform,
  simulatedTdReport,
} from '../dcap/simulated.js'
import { encodeTdReportStruct } from '../dcap/td-report.js'
import type { TdReport } from '../dcap/types.js'
import type { SimulatedMachine, SimulatedReport, SimulatedVendor } from '../snp/simulated.js'
import { encodeAttest } from '../tpm/attest.js'
import { printPcrs } from '../tpm/pcrs.js'
import { quoteOf } from '../tpm/simulated.js'
import type { PcrBank, TpmQuote } from '../tpm/types.js'
import { encodeHcl } from './hcl.js'
import type { HclReport } from './types.js'

/** What a simulated machine of Azure says, whatever its processor; the rest is as an ordinary one has it. */
export interface SimulatedAzureGuest {
  /** What the guest binds: it becomes user-data, and its hash the quote's extraData. */
  readonly reportData: Uint8Array
  /** Values of the virtual TPM's SHA-256 bank. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>
  /** What is otherwise than all this makes it, in each of the parts. */
  readonly hcl?: Partial<HclReport>
  readonly quote?: Partial<Omit<TpmQuote, 'type'>>
  readonly runtime?: Readonly<Record<string, unknown>>
}

export interface SimulatedAzureReport extends SimulatedAzureGuest {
  readonly measurement: Uint8Array
  readonly snp?: Partial<SimulatedReport>
}

export interface SimulatedAzureTdReport extends SimulatedAzureGuest {
  /** What the report of the guest says, in the TD report and in the quote. */
  readonly guest?: Partial<TdReport>
}

/** Makes evidence in the format of Azure's confidential virtual machines that is worth nothing. */
export interface SimulatedAzure {
  /** HCL report, quote, bare signature, PCR values, and the certificates of the simulated vendor. */
  attest(machine: SimulatedMachine, report: SimulatedAzureReport): Promise<readonly EvidenceFile[]>
}

/** The same of machines whose processor is Intel's. */
export interface SimulatedAzureTdx {
  /** HCL report with a TD report, the quote made of it with its collateral, and the virtual TPM's as above. */
  attest(
    platform: SimulatedIntelPlatform,
    report: SimulatedAzureTdReport,
    collateral: SimulatedDcapCollateral,
  ): Promise<readonly EvidenceFile[]>
}

/** A virtual TPM with an attestation key of its own, on machines of the simulated vendor. */
export async function simulatedAzure(vendor: SimulatedVendor): Promise<SimulatedAzure> {
  const tpm = await newVirtualTpm()
  return {
    async attest(machine, { measurement, snp, ...guest }) {
      const runtimeData = tpm.runtimeData(guest)
      const reportData = boundTo(runtimeData)
      const [report, ...chain] = await vendor.attest(machine, { reportData, measurement, ...snp })
      const hardwareReport = report?.bytes ?? new Uint8Array()
      return [...(await tpm.attest({ hardware: 'snp', hardwareReport, runtimeData }, guest)), ...chain]
    },
  }
}

/** The same on the simulated platforms of TDX. */
export async function simulatedAzureTdx(intel: SimulatedIntel): Promise<SimulatedAzureTdx> {
  const tpm = await newVirtualTpm()
  return {
    async attest(platform, { guest: changes, ...guest }, collateral) {
      const runtimeData = tpm.runtimeData(guest)
      const report = { ...simulatedTdReport(boundTo(runtimeData)), ...changes }
      const quoted = await intel.attest(platform, { report }, collateral)
      const hardwareReport = encodeTdReportStruct(report)
      return [...(await tpm.attest({ hardware: 'tdx', hardwareReport, runtimeData }, guest)), ...quoted]
    },
  }
}

const boundTo = (runtimeData: Uint8Array): Uint8Array => concat(sha256(runtimeData), new Uint8Array(32))

type Layer = Pick<HclReport, 'hardware' | 'hardwareReport' | 'runtimeData'>

async function newVirtualTpm() {
  const algorithm = { ...RSA_SHA256.key, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) }
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const { n, e } = await crypto.subtle.exportKey('jwk', publicKey)
  return {
    runtimeData: ({ reportData, runtime }: SimulatedAzureGuest): Uint8Array =>
      jsonBytes({
        keys: [{ kid: 'HCLAkPub', key_ops: ['sign'], kty: 'RSA', e, n }],
        'vm-configuration': { 'secure-boot': true, 'tpm-enabled': true },
        'user-data': toHex(reportData).toUpperCase(),
        ...runtime,
      }),
    async attest(layer: Layer, { reportData, pcrs, hcl, quote }: SimulatedAzureGuest) {
      const bank: PcrBank = { bank: 'sha256', values: pcrs }
      const content = encodeAttest({ ...quoteOf(shortReportData(reportData), bank), ...quote })
      return [
        { name: 'hcl_report.bin', bytes: encodeHcl({ version: 2, hash: 'sha256', ...layer, ...hcl }) },
        { name: 'quote_msg.bin', bytes: content },
        { name: 'quote_sig.bin', bytes: await RSA_SHA256.sign(privateKey, content) },
        { name: 'pcrs.json', bytes: new TextEncoder().encode(printPcrs(bank)) },
      ]
    },
  }
}

const jsonBytes = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json))
