import { numberArgument } from '@vouch/host/node'

/** What a transaction may cost at most: the price of gas is the RPC server's word. */
export function feeLimit({ maxFee }: { readonly maxFee?: string }): { readonly maxFee?: number } {
  return maxFee === undefined
    ? {}
    : { maxFee: numberArgument(maxFee, '--max-fee', { min: 1, max: 1_000_000 }) }
}

/** Where to read from, and how deep, as two options say. */
export function blocksOf({
  fromBlock,
  confirmations,
}: {
  readonly fromBlock?: string | undefined
  readonly confirmations?: string | undefined
}): { readonly from?: number; readonly confirmations?: number } {
  const block = { min: 0, max: 2 ** 32 - 1 }
  return {
    ...(fromBlock === undefined ? {} : { from: numberArgument(fromBlock, '--from-block', block) }),
    ...(confirmations === undefined
      ? {}
      : { confirmations: numberArgument(confirmations, '--confirmations', block) }),
  }
}
