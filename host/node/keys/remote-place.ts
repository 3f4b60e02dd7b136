import { createSecureContext } from 'node:tls'
import { assertLength, fromHex, shown, textOf, VouchError } from '@vouch/protocol'
import { parseNamedFile } from '../files/files.js'
import { parsePrivateFile } from '../files/private-files.js'

/** Where a machine that signs is reached, and what proves to it who asks. */
export interface RemotePlace {
  /** What the operator reads in errors: without the words behind `#`. */
  readonly name: string
  /** The public key that it must have, 33 bytes. */
  readonly publicKey: Uint8Array
  /** The first part of every path: `/heads` of `https://signer.example/heads`. */
  readonly path: string
  readonly reach: { readonly socketPath: string } | TlsReach
}

interface TlsReach {
  readonly hostname: string
  readonly port: string
  /** In PEM: the client's certificate with its key, and the roots that the server's certificate must lead to. */
  readonly cert: string
  readonly key: string
  readonly ca: string | undefined
}

const EXAMPLES = 'unix:/run/signer.sock#key=HEX, or https://signer.example/heads#key=HEX&client=FILE&ca=FILE'

/**
 * Reads `unix:SOCKET#key=HEX` and `https://HOST/PATH#key=HEX&client=FILE&ca=FILE`. The public key stands there, because a
 * signer that may name its own key can be exchanged for another. Over https a client shows a certificate of its own: a signer
 * that signs for strangers keeps no key.
 */
export async function parseRemotePlace(where: string): Promise<RemotePlace> {
  const [name = '', fragment = ''] = splitOnce(where, '#')
  const words = wordsIn(fragment)
  const publicKey = publicKeyIn(words)
  if (name.startsWith('unix:')) {
    const socketPath = name.slice('unix:'.length)
    if (!socketPath.startsWith('/') || words.size !== 1) throw unreadable(name)
    return { name, publicKey, path: '', reach: { socketPath } }
  }
  if (!URL.canParse(name)) throw unreadable(name)
  const url = new URL(name)
  // A name and password in a URL are a secret on the command line, and what follows `?` would reach no machine.
  if (/[?@]/.test(name)) throw unreadable(`https://${url.host}`)
  return { name, publicKey, path: url.pathname.replace(/\/$/, ''), reach: await tlsReach(name, url, words) }
}

async function tlsReach(name: string, url: URL, words: ReadonlyMap<string, string>): Promise<TlsReach> {
  const [client, roots] = [words.get('client'), words.get('ca')]
  if (client === undefined) {
    throw new VouchError('USAGE', {
      rule: 'a machine that signs over https must be shown a client certificate',
      given: shown(name),
      hint: `#key=HEX&client=FILE, with certificate and key in PEM: ${EXAMPLES}`,
    })
  }
  const pem = await parsePrivateFile(client, textOf)
  const ca = roots === undefined ? undefined : await parseNamedFile(roots, textOf)
  const reach = { hostname: url.hostname.replace(/^\[|\]$/g, ''), port: url.port, cert: pem, key: pem, ca }
  try {
    createSecureContext(reach)
    return reach
  } catch {
    // The library's words may quote the file, which holds a key.
    throw new VouchError('KEY_MALFORMED', {
      rule: 'client and ca must be files in PEM, the client file with a certificate and the key of it',
      given: shown(client),
    })
  }
}

const WORDS = ['key', 'client', 'ca']

/** The words behind `#`, each once. */
function wordsIn(fragment: string): ReadonlyMap<string, string> {
  const words = new Map<string, string>()
  for (const word of fragment.split('&')) {
    const [name = '', value = ''] = splitOnce(word, '=')
    if (!WORDS.includes(name) || value === '' || words.has(name)) {
      throw new VouchError('USAGE', {
        rule: `behind # must stand ${WORDS.join(', ')}, each once, with a value`,
        given: shown(name),
        hint: EXAMPLES,
      })
    }
    words.set(name, value)
  }
  return words
}

function publicKeyIn(words: ReadonlyMap<string, string>): Uint8Array {
  try {
    return assertLength(fromHex(words.get('key') ?? ''), 33, 'key')
  } catch {
    throw new VouchError('USAGE', {
      rule: 'a machine that signs must be given with its public key, 66 hexadecimal digits',
      given: shown(words.get('key') ?? 'none'),
      hint: EXAMPLES,
    })
  }
}

function unreadable(name: string): VouchError {
  return new VouchError('USAGE', {
    rule: 'a machine that signs must be given as a socket or an https URL',
    given: shown(name),
    hint: EXAMPLES,
  })
}

function splitOnce(text: string, at: string): readonly string[] {
  const place = text.indexOf(at)
  return place < 0 ? [text] : [text.slice(0, place), text.slice(place + 1)]
}
