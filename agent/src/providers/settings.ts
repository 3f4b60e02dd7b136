import { type Codec, fixedBytes, oneOf, optional, record, text, uint } from '@vouch/protocol/codec'
import { named } from '../codecs.js'

/** Evidence in SNP's format that is worth nothing, by the keys of the simulated vendor. */
export interface SimulatedSettings {
  readonly name: 'simulated'
  /** The folder of the vendor's keys and certificates. */
  readonly keys: string
  readonly chipId: Uint8Array
  readonly measurement: Uint8Array
}

/** Linux's configfs-tsm: SEV-SNP and TDX guests alike. */
export interface ConfigfsTsmSettings {
  readonly name: 'configfs-tsm'
  /** SNP's VMPL that the report is made at, where it is not the kernel's own choice. */
  readonly privilegeLevel?: number
}

export type ProviderSettings = SimulatedSettings | ConfigfsTsmSettings
export type ProviderName = ProviderSettings['name']

const PROVIDERS: Readonly<Record<ProviderName, { readonly simulated: boolean }>> = {
  simulated: { simulated: true },
  'configfs-tsm': { simulated: false },
}

export const providerSettings: Codec<ProviderSettings> = named<ProviderSettings>({
  simulated: record<SimulatedSettings>({
    name: oneOf({ simulated: 1 }),
    keys: text(1024),
    chipId: fixedBytes(64),
    measurement: fixedBytes(48),
  }),
  'configfs-tsm': record<ConfigfsTsmSettings>({
    name: oneOf({ 'configfs-tsm': 1 }),
    privilegeLevel: optional(uint(1, { max: 3 })),
  }),
})

/** Whether what a provider gives is worth nothing, so that the rest may be made up too. */
export function isSimulatedProvider({ name }: ProviderSettings): boolean {
  return PROVIDERS[name].simulated
}
