import type { NvidiaEvidence } from '../vendors/nvidia/types.js'
import type { Evidence } from './evidence.js'

/** A machine's evidence and that of devices in it. */
export interface CompositeEvidence {
  readonly format: 'composite'
  readonly machine: Exclude<Evidence, CompositeEvidence | NvidiaEvidence>
  readonly devices: NvidiaEvidence
}
