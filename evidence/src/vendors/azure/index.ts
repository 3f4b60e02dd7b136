import { kindOfQuote } from '../dcap/anchors.js'
import { warningsOfTdx } from '../dcap/pins.js'
import { publishedForDcap } from '../dcap/published.js'
import { teeOf } from '../dcap/quote.js'
import { kindOfReport } from '../snp/anchors.js'
import { warningsOfSnp } from '../snp/pins.js'
import { publishedForSnp } from '../snp/published.js'
import type { Vendor } from '../vendor.js'
import { AZURE_KIND_OF, AZURE_SNP_ANCHORS, AZURE_TDX_ANCHORS } from './anchors.js'
import { appraiseAzureSnp, appraiseAzureTdx, inspectAzureSnp, inspectAzureTdx } from './appraise.js'
import { authenticateAzure, azureSlots } from './authenticate.js'
import { explainHcl, explainRuntimeData } from './explain.js'
import { looksLikeHcl, parseHcl } from './hcl.js'
import { parseAzure } from './parse.js'
import {
  type AzureSnpPins,
  type AzureTdxPins,
  assertSoundAzureSnp,
  assertSoundAzureTdx,
  azureSnpPins,
  azureTdxPins,
  simulatedAzureSnpPins,
} from './pins.js'
import { looksLikeRuntimeData, parseRuntimeData } from './runtime-data.js'
import { azureSnpTemplate, azureTdxTemplate } from './template.js'
import type { AzureClaims, AzureEvidence, AzureSnpClaims, AzureTdxClaims } from './types.js'

const ON_SNP = {
  assertSound: assertSoundAzureSnp,
  warnings: warningsOfSnp,
  appraise: appraiseAzureSnp,
  inspect: inspectAzureSnp,
  template: azureSnpTemplate,
} as const
const ON_TDX = {
  pins: azureTdxPins,
  assertSound: assertSoundAzureTdx,
  warnings: warningsOfTdx,
  appraise: appraiseAzureTdx,
  inspect: inspectAzureTdx,
  template: azureTdxTemplate,
} as const

type OnSnp = { readonly pins: AzureSnpPins; readonly claims: AzureSnpClaims }
type OnTdx = { readonly pins: AzureTdxPins; readonly claims: AzureTdxClaims }

/** Microsoft: Azure's confidential machines, on processors of AMD or Intel, with a virtual TPM in the layer below the guest. */
export const azure: Vendor<
  AzureEvidence,
  {
    readonly 'azure-snp': OnSnp
    readonly 'simulated-azure-snp': OnSnp
    readonly 'azure-tdx': OnTdx
    readonly 'simulated-azure-tdx': OnTdx
  },
  never
> = {
  anchors: [...AZURE_SNP_ANCHORS, ...AZURE_TDX_ANCHORS],
  parts: {
    'hcl-report': {
      looksLike: looksLikeHcl,
      explain: ['Azure: HCL report', explainHcl],
      key: (bytes) => parseRuntimeData(parseHcl(bytes).hcl.runtimeData).attestationKey,
      size: (bytes) => bytes.length - parseHcl(bytes).trailing.length,
    },
    'runtime-data': {
      looksLike: looksLikeRuntimeData,
      explain: ['Azure: runtime data', explainRuntimeData],
    },
  },
  format: {
    name: 'azure',
    main: 'hcl-report',
    beside: [
      'runtime-data',
      'snp-report',
      'dcap-quote',
      'tcb-info',
      'qe-identity',
      'tpm-attest',
      'tpm-signature',
      'bare-signature',
      'pcr-values',
      'tcg12-event-log',
      'event-log',
    ],
    parse: parseAzure,
    authenticate: authenticateAzure,
    slots: ({ runtime, vtpm }) => azureSlots(runtime, vtpm),
    purported: purportedAzure,
    published: ({ hardware }) =>
      hardware.format === 'snp' ? publishedForSnp(hardware) : publishedForDcap(hardware),
  },
  kinds: {
    'azure-snp': {
      number: 13,
      simulated: false,
      title: 'Azure confidential virtual machine on AMD SEV-SNP',
      pins: azureSnpPins,
      ...ON_SNP,
    },
    'simulated-azure-snp': {
      number: 14,
      simulated: true,
      title: 'Azure’s format under the simulated vendor: worth nothing',
      pins: simulatedAzureSnpPins,
      ...ON_SNP,
    },
    'azure-tdx': {
      number: 15,
      simulated: false,
      title: 'Azure confidential virtual machine on Intel TDX',
      ...ON_TDX,
    },
    'simulated-azure-tdx': {
      number: 16,
      simulated: true,
      title: 'Azure’s format under the simulated SGX root: worth nothing',
      ...ON_TDX,
    },
  },
}

/** A quote of SGX has no place there. */
function purportedAzure({ hardware }: AzureEvidence): AzureClaims['kind'] {
  if (hardware.format === 'snp') return AZURE_KIND_OF[kindOfReport(hardware.certificates)]
  const kind = kindOfQuote(teeOf(hardware.quote.report), hardware.certificates)
  return kind === 'sgx' || kind === 'simulated-sgx' ? 'azure-tdx' : AZURE_KIND_OF[kind]
}
