import { numberArgument } from '@vouch/protocol/node'
import { registrarFolder } from '../registrar-folder.js'

/** What commands that sign heads share. */
export interface SigningOptions {
  /** The file with the registrar's key. */
  readonly key?: string
}

/** The key that signs: where the operator says, or in the registry's folder. */
export function keyFile(folder: string, { key }: SigningOptions): string {
  return key ?? registrarFolder(folder).signerKey
}

/** What a transaction may cost at most: the price of gas is the RPC server's word. */
export function feeLimit({ maxFee }: { readonly maxFee?: string }): { readonly maxFee?: number } {
  return maxFee === undefined
    ? {}
    : { maxFee: numberArgument(maxFee, '--max-fee', { min: 1, max: 1_000_000 }) }
}
