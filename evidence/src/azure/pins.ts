import { type Codec, record } from '@vouch/protocol/codec'
import type { KindName } from '../kinds.js'
import type { PolicyFrame } from '../policy/frame.js'
import { assertSoundSnp, genuineTcb, type SnpPins, simulatedTcb, snpPinsMembers } from '../snp/pins.js'
import { assertBootComplete, type QuotePins, quotePinsMembers } from '../tpm/pins.js'

/**
 * What must hold of a confidential virtual machine of Azure. MEASUREMENT covers the layer below the guest, and the PCRs of the
 * virtual TPM in it cover the guest: both together are all that boots. The layer runs at VMPL 0, so there is none to pin.
 */
export interface AzureSnpPins extends Omit<SnpPins, 'boot' | 'vmpl'>, QuotePins {}

const pinsFor = (tcb: Codec<SnpPins['tcb']>): Codec<AzureSnpPins> =>
  record<AzureSnpPins>({ ...snpPinsMembers, tcb, ...quotePinsMembers })

export const azureSnpPins: Codec<AzureSnpPins> = pinsFor(genuineTcb)
export const simulatedAzureSnpPins: Codec<AzureSnpPins> = pinsFor(simulatedTcb)

export function assertSoundAzureSnp(kind: KindName, pins: AzureSnpPins, frame: PolicyFrame): void {
  assertSoundSnp(kind === 'azure-snp' ? 'sev-snp' : 'simulated-snp', pins, frame)
  assertBootComplete(pins)
}
