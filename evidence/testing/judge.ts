import { authenticate, type EvidenceFile, parseEvidence } from '@vouch/evidence'
import { VouchError } from '@vouch/protocol'
import { NOW } from './simulated.js'

/** Whether simulated evidence is read, and authentic under a simulated root; any error but a refusal is a bug. */
export async function judgeSimulated(files: readonly EvidenceFile[]): Promise<boolean> {
  try {
    const { authentic } = await authenticate((await parseEvidence(files)).evidence, NOW)
    return authentic?.claims.kind.startsWith('simulated-') ?? false
  } catch (error) {
    if (error instanceof VouchError && error.code !== 'INTERNAL') return false
    throw error
  }
}
