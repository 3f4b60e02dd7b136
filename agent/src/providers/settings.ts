import { type Codec, fixedBytes, list, oneOf, optional, record, text, uint } from '@vouch/protocol/codec'
import { choiceByName } from '../codecs.js'

/** Evidence in SNP's format that is worth nothing, by the keys of the simulated vendor. */
export interface SimulatedSettings {
  readonly name: 'simulated'
  /** The folder of the vendor's keys and certificates. */
  readonly keys: string
  readonly chipId: Uint8Array
  readonly measurement: Uint8Array
  /** The folder of a simulated GPU's keys and certificates; without it, the machine has none. */
  readonly gpuKeys?: string
}

/** Linux's configfs-tsm: SEV-SNP and TDX guests alike. */
export interface ConfigfsTsmSettings {
  readonly name: 'configfs-tsm'
  /** SNP's VMPL that the report is made at, where it is not the kernel's own choice. */
  readonly privilegeLevel?: number
  /** A folder of what the vendor publishes of this machine: goes along with each report, as not every host hands it in. */
  readonly collateral?: string
}

/** A TPM 2.0, by way of tpm2-tools. */
export interface TpmSettings {
  readonly name: 'tpm'
  /** How tpm2-tools reach it: `device:/dev/tpmrm0`. */
  readonly tcti: string
  /** Where the attestation key lives in the TPM: a persistent handle. One that is free gets a new key. */
  readonly handle: Uint8Array
  readonly bank: 'sha256' | 'sha384'
  readonly pcrs: readonly number[]
  /** Certificates of the key, up to the root; without them a policy has to name the key. */
  readonly certificates?: readonly string[]
  /** Where the kernel shows what firmware logged. */
  readonly eventLog?: string
}

export type ProviderSettings = SimulatedSettings | ConfigfsTsmSettings | TpmSettings
export type ProviderName = ProviderSettings['name']

const PROVIDERS: Readonly<Record<ProviderName, { readonly simulated: boolean }>> = {
  simulated: { simulated: true },
  'configfs-tsm': { simulated: false },
  tpm: { simulated: false },
}

/** The name of every provider. */
export const PROVIDER_NAMES = Object.keys(PROVIDERS)

export const providerSettings: Codec<ProviderSettings> = choiceByName<ProviderSettings>({
  simulated: record<SimulatedSettings>({
    name: oneOf({ simulated: 1 }),
    keys: text(1024),
    chipId: fixedBytes(64),
    measurement: fixedBytes(48),
    gpuKeys: optional(text(1024)),
  }),
  'configfs-tsm': record<ConfigfsTsmSettings>({
    name: oneOf({ 'configfs-tsm': 1 }),
    privilegeLevel: optional(uint(1, { max: 3 })),
    collateral: optional(text(1024)),
  }),
  tpm: record<TpmSettings>({
    name: oneOf({ tpm: 1 }),
    tcti: text(1024),
    handle: fixedBytes(4),
    bank: oneOf({ sha256: 0, sha384: 1 }),
    pcrs: list(uint(1, { max: 23 }), { min: 1, max: 24, anyOrder: true }),
    certificates: optional(list(text(1024), { min: 1, max: 8, anyOrder: true })),
    eventLog: optional(text(1024)),
  }),
})

/** Whether what a provider gives is worth nothing, so that the rest may be made up too. */
export function isSimulatedProvider({ name }: ProviderSettings): boolean {
  return PROVIDERS[name].simulated
}
