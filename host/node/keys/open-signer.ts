import { shown, VouchError } from '@vouch/protocol'
import { type Signer, secretSigner } from '../../src/signer.js'
import { readSecret } from '../files/secret-files.js'

/** What an operator may write where a key is asked for: for the words of commands. */
export const KEY_WORDS = 'a file, pkcs11:…, unix:… or https://…'

/**
 * Opens the key that signs: a file with 64 hexadecimal digits, a token (`pkcs11:…`), or a machine that signs (`unix:…` or
 * `https://…`). The word never holds a secret, because other users of a machine see its command lines. What talks to tokens
 * and machines is loaded where there is one.
 */
export async function openSigner(where: string): Promise<Signer> {
  if (where.startsWith('pkcs11:')) {
    const { tokenSigner } = await import('./token-signer.js')
    return tokenSigner(where)
  }
  if (/^(https|unix):/.test(where)) {
    const [{ parseRemotePlace }, { remoteSigner }] = await Promise.all([
      import('./remote-place.js'),
      import('./remote-signer.js'),
    ])
    return remoteSigner(await parseRemotePlace(where))
  }
  if (where.startsWith('http:')) {
    throw new VouchError('USAGE', {
      rule: 'a machine that signs must be asked by https or through a unix socket',
      given: shown(where.replace(/#.*$/s, '')),
      hint: 'over plain http, anyone on the way can have anything signed',
    })
  }
  return secretSigner(await readSecret(where))
}
