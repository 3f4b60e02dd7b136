import { type Codec, record } from '@vouch/protocol/codec'
import type { VendorFrame } from '../../core/policy/frame.js'
import { assertSoundDcap, type TdxPins, tdxPinsMembers } from '../dcap/pins.js'
import { assertSoundSnp, genuineTcb, type SnpPins, simulatedTcb, snpPinsMembers } from '../snp/pins.js'
import { assertBootComplete, type QuotePins, quotePinsMembers } from '../tpm/pins.js'

/**
 * What must hold of a confidential virtual machine of Azure. MEASUREMENT covers the layer below the guest, and the PCRs of the
 * virtual TPM in it cover the guest: both together are all that boots. The layer runs at VMPL 0, so there is none to pin.
 */
export interface AzureSnpPins extends Omit<SnpPins, 'boot' | 'vmpl'>, QuotePins {}

/** The same where the processor is Intel's: MRTD and RTMRs cover the layer below the guest. */
export interface AzureTdxPins extends TdxPins, QuotePins {}

const snpPinsFor = (tcb: Codec<SnpPins['tcb']>): Codec<AzureSnpPins> =>
  record<AzureSnpPins>({ ...snpPinsMembers, tcb, ...quotePinsMembers })

export const azureSnpPins: Codec<AzureSnpPins> = snpPinsFor(genuineTcb)
export const simulatedAzureSnpPins: Codec<AzureSnpPins> = snpPinsFor(simulatedTcb)
export const azureTdxPins: Codec<AzureTdxPins> = record<AzureTdxPins>({
  ...tdxPinsMembers,
  ...quotePinsMembers,
})

export function assertSoundAzureSnp(kind: string, pins: AzureSnpPins, frame: VendorFrame): void {
  assertSoundSnp(kind === 'azure-snp' ? 'sev-snp' : 'simulated-snp', pins, frame)
  assertBootComplete(pins)
}

export function assertSoundAzureTdx(kind: string, pins: AzureTdxPins): void {
  assertSoundDcap(kind === 'azure-tdx' ? 'tdx' : 'simulated-tdx', pins)
  assertBootComplete(pins)
}
