import type { Codec } from '@vouch/protocol/codec'
import type { AppraisalFailure, Checks } from '../core/checks.js'
import type { KindName } from '../core/kind-name.js'
import type { PolicyFrame } from '../core/policy/frame.js'
import { unsound } from '../core/policy/unsound.js'
import {
  appraiseAzureSnp,
  appraiseAzureTdx,
  inspectAzureSnp,
  inspectAzureTdx,
} from '../vendors/azure/appraise.js'
import {
  type AzureSnpPins,
  type AzureTdxPins,
  assertSoundAzureSnp,
  assertSoundAzureTdx,
  azureSnpPins,
  azureTdxPins,
  simulatedAzureSnpPins,
} from '../vendors/azure/pins.js'
import type { AzureSnpClaims, AzureTdxClaims } from '../vendors/azure/types.js'
import { appraiseSgx, appraiseTdx, inspectSgx, inspectTdx } from '../vendors/dcap/appraise.js'
import {
  assertSoundDcap,
  type SgxPins,
  sgxPins,
  type TdxPins,
  tdxPins,
  warningsOfSgx,
  warningsOfTdx,
} from '../vendors/dcap/pins.js'
import type { SgxClaims, TdxClaims } from '../vendors/dcap/types.js'
import { appraiseNitro, inspectNitro } from '../vendors/nitro/appraise.js'
import { assertSoundNitro, type NitroPins, nitroPins, warningsOfNitro } from '../vendors/nitro/pins.js'
import type { NitroClaims } from '../vendors/nitro/types.js'
import { appraiseDevices } from '../vendors/nvidia/appraise.js'
import { type GpuPins, gpuPins } from '../vendors/nvidia/pins.js'
import type { NvidiaClaims } from '../vendors/nvidia/types.js'
import { appraiseSnp, inspectSnp } from '../vendors/snp/appraise.js'
import {
  assertSoundSnp,
  type SnpPins,
  simulatedSnpPins,
  snpPins,
  warningsOfSnp,
} from '../vendors/snp/pins.js'
import type { SnpClaims } from '../vendors/snp/types.js'
import { appraiseTpm, inspectTpm } from '../vendors/tpm/appraise.js'
import { assertSoundTpm, type TpmPins, tpmPins, warningsOfTpm } from '../vendors/tpm/pins.js'
import type { TpmClaims } from '../vendors/tpm/types.js'
import type { Claims } from './evidence.js'

/** Which pins a policy has for a kind, and what authentic evidence of the kind claims. */
interface KindTypes {
  readonly 'sev-snp': { readonly pins: SnpPins; readonly claims: SnpClaims }
  readonly 'simulated-snp': { readonly pins: SnpPins; readonly claims: SnpClaims }
  readonly tdx: { readonly pins: TdxPins; readonly claims: TdxClaims }
  readonly 'simulated-tdx': { readonly pins: TdxPins; readonly claims: TdxClaims }
  readonly sgx: { readonly pins: SgxPins; readonly claims: SgxClaims }
  readonly 'simulated-sgx': { readonly pins: SgxPins; readonly claims: SgxClaims }
  readonly 'aws-nitro': { readonly pins: NitroPins; readonly claims: NitroClaims }
  readonly 'simulated-nitro': { readonly pins: NitroPins; readonly claims: NitroClaims }
  readonly 'nvidia-gpu': { readonly pins: GpuPins; readonly claims: NvidiaClaims }
  readonly 'simulated-nvidia': { readonly pins: GpuPins; readonly claims: NvidiaClaims }
  readonly tpm: { readonly pins: TpmPins; readonly claims: TpmClaims }
  readonly 'simulated-tpm': { readonly pins: TpmPins; readonly claims: TpmClaims }
  readonly 'azure-snp': { readonly pins: AzureSnpPins; readonly claims: AzureSnpClaims }
  readonly 'simulated-azure-snp': { readonly pins: AzureSnpPins; readonly claims: AzureSnpClaims }
  readonly 'azure-tdx': { readonly pins: AzureTdxPins; readonly claims: AzureTdxClaims }
  readonly 'simulated-azure-tdx': { readonly pins: AzureTdxPins; readonly claims: AzureTdxClaims }
}

export type PinsOf<Name extends KindName> = KindTypes[Name]['pins']

/** A kind of evidence: how a policy pins it, and how claims are compared with pins. */
export interface Kind<Pins, C extends Claims> {
  /** Simulated kinds stand apart: a policy that names one names no other. */
  readonly simulated: boolean
  readonly title: string
  readonly pins: Codec<Pins>
  /** Refuses pins that would hold nothing off. */
  assertSound(kind: KindName, pins: Pins, policy: PolicyFrame): void
  /** What a person should know of pins that load, before they rely on them. */
  warnings(pins: Pins): readonly string[]
  /** Compares all claims with all pins: a person who is refused sees everything that is in the way. */
  appraise(checks: Checks<AppraisalFailure>, claims: C, pins: Pins): void
  /** What must hold even when nobody has a policy. */
  inspect(checks: Checks<AppraisalFailure>, claims: C): void
}

const GENUINE = { simulated: false } as const
const SIMULATED = { simulated: true } as const

const SNP = {
  assertSound: assertSoundSnp,
  warnings: warningsOfSnp,
  appraise: appraiseSnp,
  inspect: inspectSnp,
} as const
const TDX = {
  pins: tdxPins,
  assertSound: assertSoundDcap,
  warnings: warningsOfTdx,
  appraise: appraiseTdx,
  inspect: inspectTdx,
} as const
const SGX = {
  pins: sgxPins,
  assertSound: assertSoundDcap,
  warnings: warningsOfSgx,
  appraise: appraiseSgx,
  inspect: inspectSgx,
} as const
const NITRO = {
  pins: nitroPins,
  assertSound: assertSoundNitro,
  warnings: warningsOfNitro,
  appraise: appraiseNitro,
  inspect: inspectNitro,
} as const
const TPM = {
  pins: tpmPins,
  assertSound: assertSoundTpm,
  warnings: warningsOfTpm,
  appraise: appraiseTpm,
  inspect: inspectTpm,
} as const
const AZURE_SNP = {
  assertSound: assertSoundAzureSnp,
  warnings: warningsOfSnp,
  appraise: appraiseAzureSnp,
  inspect: inspectAzureSnp,
} as const

const AZURE_TDX = {
  pins: azureTdxPins,
  assertSound: assertSoundAzureTdx,
  warnings: warningsOfTdx,
  appraise: appraiseAzureTdx,
  inspect: inspectAzureTdx,
} as const

/** Devices bind no services: they are pinned beside a machine, as `gpus`, and no policy admits them alone. */
const DEVICES = {
  pins: gpuPins,
  assertSound: (kind: KindName): never => {
    throw unsound('devices bind no services: a policy pins them as gpus, beside the kinds of machines', kind)
  },
  warnings: () => [],
  appraise: (checks: Checks<AppraisalFailure>, { devices }: NvidiaClaims, pins: GpuPins) =>
    appraiseDevices(checks, devices, pins),
  inspect: (checks: Checks<AppraisalFailure>) => checks.leave('driver, VBIOS, firmware: no policy was given'),
} as const

/** Every kind of evidence. */
export const KINDS: { readonly [Name in KindName]: Kind<PinsOf<Name>, KindTypes[Name]['claims']> } = {
  'sev-snp': { ...GENUINE, title: 'AMD SEV-SNP', pins: snpPins, ...SNP },
  'simulated-snp': {
    ...SIMULATED,
    title: 'SEV-SNP format under the simulated vendor: worth nothing',
    pins: simulatedSnpPins,
    ...SNP,
  },
  tdx: { ...GENUINE, title: 'Intel TDX', ...TDX },
  'simulated-tdx': { ...SIMULATED, title: 'TDX format under the simulated vendor: worth nothing', ...TDX },
  sgx: { ...GENUINE, title: 'Intel SGX', ...SGX },
  'simulated-sgx': { ...SIMULATED, title: 'SGX format under the simulated vendor: worth nothing', ...SGX },
  'aws-nitro': { ...GENUINE, title: 'AWS Nitro Enclaves', ...NITRO },
  'simulated-nitro': {
    ...SIMULATED,
    title: 'Nitro format under a simulated root: worth nothing',
    ...NITRO,
  },
  'nvidia-gpu': { ...GENUINE, title: 'NVIDIA GPUs and switches', ...DEVICES },
  'simulated-nvidia': {
    ...SIMULATED,
    title: 'NVIDIA format under a simulated root: worth nothing',
    ...DEVICES,
  },
  tpm: { ...GENUINE, title: 'TPM 2.0 quote: what booted, and nothing about memory', ...TPM },
  'simulated-tpm': {
    ...SIMULATED,
    title: 'TPM 2.0 quote under the simulated authority: worth nothing',
    ...TPM,
  },
  'azure-snp': {
    ...GENUINE,
    title: 'Azure confidential virtual machine on AMD SEV-SNP',
    pins: azureSnpPins,
    ...AZURE_SNP,
  },
  'simulated-azure-snp': {
    ...SIMULATED,
    title: 'Azure’s format under the simulated vendor: worth nothing',
    pins: simulatedAzureSnpPins,
    ...AZURE_SNP,
  },
  'azure-tdx': {
    ...GENUINE,
    title: 'Azure confidential virtual machine on Intel TDX',
    ...AZURE_TDX,
  },
  'simulated-azure-tdx': {
    ...SIMULATED,
    title: 'Azure’s format under the simulated SGX root: worth nothing',
    ...AZURE_TDX,
  },
}

/** The kind by its name. Its pins and claims are its own, which the compiler cannot follow through a lookup. */
export function kindOf(name: KindName): Kind<unknown, Claims> {
  return KINDS[name] as unknown as Kind<unknown, Claims>
}

export const isSimulatedKind = (kind: KindName): boolean => KINDS[kind].simulated
