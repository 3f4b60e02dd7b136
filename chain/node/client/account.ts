import { secp256k1 } from '@noble/curves/secp256k1.js'
import { type Signer, secretSigner } from '@vouch/host'
import { KEY_WORDS, openSigner } from '@vouch/host/node'
import { assertLength, equalBytes, fromHex, toHex, VouchError } from '@vouch/protocol'
import type { Hex, LocalAccount, SerializeTransactionFn, TransactionSerializable } from 'viem'

/** Where a key may be handed over without a file: in the environment, which other users do not see. */
const VARIABLE = 'VOUCH_KEY'

/** The account that signs and pays: its key from where the operator says, or from the environment. It is never shown. */
export async function accountOf(key: string | undefined): Promise<LocalAccount> {
  return signerAccount(key === undefined ? secretSigner(keyInEnvironment()) : await openSigner(key))
}

/** An account whose key may be in a token or on another machine: it signs digests, and sees no transaction. */
export async function signerAccount(signer: Signer): Promise<LocalAccount> {
  const [{ publicKeyToAddress, toAccount }, viem] = await Promise.all([
    import('viem/accounts'),
    import('viem'),
  ])
  const uncompressed = secp256k1.Point.fromBytes(signer.publicKey).toBytes(false)
  const signed = async (hash: Hex) => recoverable(signer, viem.hexToBytes(hash))
  const sign = async ({ hash }: { readonly hash: Hex }): Promise<Hex> =>
    viem.serializeSignature(await signed(hash))
  return toAccount({
    address: publicKeyToAddress(`0x${toHex(uncompressed)}`),
    sign,
    signMessage: ({ message }) => sign({ hash: viem.hashMessage(message) }),
    signTypedData: (data) => sign({ hash: viem.hashTypedData(data) }),
    signTransaction: async (transaction, options) => {
      const serialize: SerializeTransactionFn<TransactionSerializable> =
        (options?.serializer as SerializeTransactionFn<TransactionSerializable> | undefined) ??
        viem.serializeTransaction
      return serialize(transaction, await signed(viem.keccak256(await serialize(transaction))))
    },
  })
}

/**
 * The signature with the bit that tells which of two keys has made it. No token gives the bit: the right one leads to the
 * signer's own key, under which the signature is known to hold.
 */
async function recoverable(signer: Signer, digest: Uint8Array) {
  const bytes = await signer.sign(digest)
  const signature = secp256k1.Signature.fromBytes(bytes, 'compact')
  const even = signature.addRecoveryBit(0).recoverPublicKey(digest).toBytes(true)
  const part = (from: number): Hex => `0x${toHex(bytes.subarray(from, from + 32))}`
  return { r: part(0), s: part(32), yParity: equalBytes(even, signer.publicKey) ? 0 : 1 }
}

function keyInEnvironment(): Uint8Array {
  const text = process.env[VARIABLE]
  if (text === undefined) {
    throw new VouchError('USAGE', {
      rule: 'a key must be given',
      hint: `--key with ${KEY_WORDS}, or $${VARIABLE}; a file must have mode 600 and hold 64 hexadecimal digits`,
    })
  }
  try {
    return assertLength(fromHex(text.trim().replace(/^0x/, '')), 32, 'key')
  } catch {
    // What was given is left out: it may be a secret with a slip of the pen.
    throw new VouchError('KEY_MALFORMED', { rule: `$${VARIABLE} must hold 64 lower-case hexadecimal digits` })
  }
}
