import { type InputMap, Noir } from '@noir-lang/noir_js'
import { VouchError } from '@vouch/protocol'
import type { ArtifactFile } from './artifact.js'
import { type Bytes, gunzip } from './bytes.js'

// The only file that imports noir_js, and itself imported only when something is proved: a verifier never loads it.

export type { InputMap }

const FAILED = 'Circuit execution failed: '

/**
 * Solves a circuit for the given inputs. Where a constraint fails, the error's `rule` is that constraint's message, which is
 * a constant of the circuit. Nothing else of the solver's words is passed on: they quote inputs, and inputs are secret.
 */
export async function solveWitness({ abi, bytecode }: Pick<ArtifactFile, 'abi' | 'bytecode'>, inputs: InputMap) {
  const noir = new Noir({ abi, bytecode })
  try {
    const { witness } = await noir.execute(inputs)
    return await gunzip(witness as Bytes)
  } catch (error) {
    throw new VouchError('WITNESS_INVALID', { rule: failedRule(error instanceof Error ? error.message : '') })
  }
}

function failedRule(message: string): string {
  if (message.startsWith(FAILED)) return message.slice(FAILED.length)
  if (message === 'Cannot satisfy constraint') return 'a constraint without a message must hold'
  return "inputs must have the shape of the circuit's ABI"
}
