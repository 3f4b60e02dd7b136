import { sha256 } from '@noble/hashes/sha2.js'
import { ascii, concat, fromInteger } from './bytes.js'
import { isWellFormed } from './codec/json.js'
import { shown, VouchError } from './errors.js'
import { assertLength } from './field.js'

/** How a verifier off chain is known: by its name. */
export function verifierIdOf(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(name)
  if (bytes.length < 1 || bytes.length > 255 || !isWellFormed(name)) {
    throw new VouchError('VALUE_MALFORMED', {
      rule: 'a verifier must have a name of 1 to 255 bytes of UTF-8',
      given: shown(name),
    })
  }
  return sha256(concat(ascii('vouch-verifier-v1'), bytes))
}

/** How a contract that verifies is known: no proof for it serves another contract, or another chain. */
export function evmVerifierId(chainId: bigint, address: Uint8Array): Uint8Array {
  return evmId('vouch-verifier-evm-v1', chainId, address)
}

/** How a registry on chain is known. One off chain draws its id at random. */
export function evmRegistryId(chainId: bigint, address: Uint8Array): Uint8Array {
  return evmId('vouch-registry-evm-v1', chainId, address)
}

function evmId(domain: string, chainId: bigint, address: Uint8Array): Uint8Array {
  return sha256(concat(ascii(domain), fromInteger(chainId, 32), assertLength(address, 20, 'address')))
}
