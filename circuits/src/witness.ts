import { type CompiledCircuit, type InputMap, Noir } from '@noir-lang/noir_js'
import { VouchError } from '@vouch/protocol'
import { type Bytes, gunzip } from './bytes.js'

// The only file that imports noir_js, and itself imported only when something is proved: a verifier never loads it.

/** A value of a circuit's ABI: field elements as hexadecimal with 0x, or as decimals; structs by their members' names. */
export type InputValue =
  | string
  | number
  | boolean
  | readonly InputValue[]
  | { readonly [name: string]: InputValue }

/** All that a circuit is told, by the names of `main`'s parameters. */
export type Inputs = Readonly<Record<string, InputValue>>

const FAILED = 'Circuit execution failed: '

/**
 * Solves a circuit for the given inputs. Where a constraint fails, the error's `rule` is that constraint's message, which is
 * a constant of the circuit. Nothing else of the solver's words is passed on: they quote inputs, and inputs are secret.
 */
export async function solveWitness(
  { abi, bytecode }: Pick<CompiledCircuit, 'abi' | 'bytecode'>,
  inputs: Inputs,
): Promise<Bytes> {
  // Debug symbols would only add places in the source to an error. noir_js changes no input, but says so nowhere.
  const noir = new Noir({ abi, bytecode, debug_symbols: '', file_map: {} })
  try {
    const { witness } = await noir.execute(inputs as InputMap)
    return await gunzip(new Uint8Array(witness))
  } catch (error) {
    throw new VouchError('WITNESS_INVALID', { rule: brokenRule(error) })
  }
}

function brokenRule(error: unknown): string {
  const isAssertion = error instanceof Error && 'rawAssertionPayload' in error
  if (!isAssertion)
    return "inputs must have the shape of the circuit's ABI, and be values that it can be run on"
  return error.message.startsWith(FAILED)
    ? error.message.slice(FAILED.length)
    : 'a constraint without a message must hold'
}
