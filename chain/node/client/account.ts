import { readSecret } from '@vouch/host/node'
import { assertLength, fromHex, toHex, VouchError } from '@vouch/protocol'
import type { PrivateKeyAccount } from 'viem'

/** Where a key may be handed over without a file: in the environment, which other users do not see. */
const VARIABLE = 'VOUCH_KEY'

/** The account that signs and pays: its key from a file for its owner's eyes alone, or from the environment. It is never shown. */
export async function accountOf(keyFile: string | undefined): Promise<PrivateKeyAccount> {
  const key = keyFile === undefined ? keyInEnvironment() : await readSecret(keyFile)
  const { privateKeyToAccount } = await import('viem/accounts')
  try {
    return privateKeyToAccount(`0x${toHex(key)}`)
  } catch {
    // Zero, or past the curve's order; the library would quote it.
    throw new VouchError('KEY_MALFORMED', { rule: 'the key must be one that can sign' })
  }
}

function keyInEnvironment(): Uint8Array {
  const text = process.env[VARIABLE]
  if (text === undefined) {
    throw new VouchError('USAGE', {
      rule: 'a key must be given',
      hint: `--key with a file of mode 600 that holds 64 hexadecimal digits, or $${VARIABLE}`,
    })
  }
  try {
    return assertLength(fromHex(text.trim().replace(/^0x/, '')), 32, 'key')
  } catch {
    // What was given is left out: it may be a secret with a slip of the pen.
    throw new VouchError('KEY_MALFORMED', { rule: `$${VARIABLE} must hold 64 lower-case hexadecimal digits` })
  }
}
