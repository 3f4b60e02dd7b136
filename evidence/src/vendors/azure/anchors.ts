import type { VendorAnchor } from '../../core/anchors.js'
import { DCAP_ANCHORS } from '../dcap/anchors.js'
import { SNP_ANCHORS, type SnpAnchor } from '../snp/anchors.js'

/** A report inside a HCL report is of another kind than one by itself, under the same root. */
export const AZURE_KIND_OF = {
  'sev-snp': 'azure-snp',
  'simulated-snp': 'simulated-azure-snp',
  tdx: 'azure-tdx',
  'simulated-tdx': 'simulated-azure-tdx',
} as const

export interface AzureSnpAnchor extends VendorAnchor {
  readonly kind: (typeof AZURE_KIND_OF)[SnpAnchor['kind']]
  readonly generation: SnpAnchor['generation']
}

export interface AzureTdxAnchor extends VendorAnchor {
  readonly kind: 'azure-tdx' | 'simulated-azure-tdx'
}

/** Azure's machines are AMD's or Intel's: so are the roots. */
export const AZURE_SNP_ANCHORS: readonly AzureSnpAnchor[] = SNP_ANCHORS.map((anchor) => ({
  ...anchor,
  kind: AZURE_KIND_OF[anchor.kind],
}))
export const AZURE_TDX_ANCHORS: readonly AzureTdxAnchor[] = DCAP_ANCHORS.flatMap(({ name, kind, spki }) =>
  kind === 'tdx' || kind === 'simulated-tdx' ? [{ name, kind: AZURE_KIND_OF[kind], spki }] : [],
)
