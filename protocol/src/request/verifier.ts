import { sha256 } from '@noble/hashes/sha2.js'
import { shown, VouchError } from '../errors.js'
import { assertLength } from '../hashes/field.js'
import { ascii, concat, fromHex, fromInteger, toHex } from '../notation/bytes.js'

/** A verifier, as people name it: the https origin of its site, or a contract. */
export type Verifier = string | { readonly chain: bigint; readonly contract: Uint8Array }

/** How the protocol knows a verifier. A proof for one verifier serves no other. */
export function verifierIdOf(verifier: Verifier): Uint8Array {
  if (typeof verifier !== 'string') {
    return evmId('vouch-verifier-evm-v1', verifier.chain, verifier.contract)
  }
  return sha256(concat(ascii('vouch-verifier-origin-v1'), ascii(originOf(verifier))))
}

/** A verifier in words: its origin, or its contract by chain and address (CAIP-10). */
export function verifierName(verifier: Verifier): string {
  if (typeof verifier === 'string') return originOf(verifier)
  return `eip155:${verifier.chain}:0x${toHex(verifier.contract)}`
}

const CONTRACT = /^eip155:([1-9][0-9]{0,76}):0x([0-9a-f]{40})$/i

/** Reads what `verifierName` writes, and every spelling of an origin. */
export function parseVerifier(text: string): Verifier {
  const contract = CONTRACT.exec(text)
  if (contract === null) return originOf(text)
  return { chain: BigInt(contract[1] ?? ''), contract: fromHex((contract[2] ?? '').toLowerCase()) }
}

/**
 * The one spelling of an https origin, by the URL standard: lower case, punycode, no default port. The adversary registers
 * under one spelling what people read as another, so a path, a user, a query or a final dot of the host is refused.
 */
function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isOrigin =
    url?.protocol === 'https:' &&
    url.username + url.password + url.search + url.hash === '' &&
    url.pathname === '/' &&
    !/[?#@]/.test(text) &&
    !url.hostname.endsWith('.')
  if (isOrigin) return url.origin
  throw new VouchError('VALUE_MALFORMED', {
    rule: 'a verifier must be an https origin such as https://shop.example, or a contract such as eip155:1:0x and 40 digits',
    given: shown(text),
  })
}

/** How the protocol knows a registry on chain. A registry off chain draws its id at random. */
export function evmRegistryId(chainId: bigint, address: Uint8Array): Uint8Array {
  return evmId('vouch-registry-evm-v1', chainId, address)
}

function evmId(domain: string, chainId: bigint, address: Uint8Array): Uint8Array {
  return sha256(concat(ascii(domain), fromInteger(chainId, 32), assertLength(address, 20, 'address')))
}
