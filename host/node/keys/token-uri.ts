import { isAbsolute } from 'node:path'
import { shown, VouchError } from '@vouch/protocol'

/** A key in a token, as an RFC 7512 URI names it. */
export interface TokenUri {
  /** The library of the token's maker. */
  readonly modulePath: string
  /** The file with the PIN. */
  readonly pinFile: string
  readonly token: string
  readonly serial: string | undefined
  /** The label of the private key. */
  readonly object: string
}

const EXAMPLE =
  'pkcs11:token=heads;object=signer?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/vouch/pin'

/**
 * Reads the URI strictly: what it does not know it refuses, because an attribute that is passed over may have been the one
 * that told two keys apart.
 */
export function parseTokenUri(text: string): TokenUri {
  const [path = '', query = ''] = text.slice('pkcs11:'.length).split('?')
  if (text.split('?').length > 2) throw malformed('there must be at most one "?"', text.split('?')[0])
  const inPath = attributes(path, ';', ['token', 'serial', 'object', 'type'])
  const inQuery = attributes(query, '&', ['module-path', 'pin-source'])
  if (![undefined, 'private'].includes(inPath.get('type'))) throw malformed('type must be private')
  const pinSource = needed(inQuery, 'pin-source')
  const pinFile = pinSource.replace(/^file:(\/\/(?=\/))?/, '')
  if (pinFile === pinSource || !isAbsolute(pinFile)) {
    throw malformed('pin-source must be file: and an absolute path')
  }
  const modulePath = needed(inQuery, 'module-path')
  // A name that the loader looks up is a library that another user may have put there.
  if (!isAbsolute(modulePath)) throw malformed('module-path must be an absolute path', modulePath)
  return {
    modulePath,
    pinFile,
    token: needed(inPath, 'token'),
    serial: inPath.get('serial'),
    object: needed(inPath, 'object'),
  }
}

function attributes(part: string, between: string, known: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const attribute of part === '' ? [] : part.split(between)) {
    const [name = ''] = attribute.split('=')
    if (name === 'pin-value') {
      throw malformed('the PIN must be in a file, since other users of the machine see command lines')
    }
    if (!known.includes(name) || found.has(name) || !attribute.includes('=')) {
      throw malformed(`here may stand ${known.join(', ')}, each once, with a value`, name)
    }
    found.set(name, decoded(attribute.slice(name.length + 1), name))
  }
  return found
}

function decoded(value: string, name: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    throw malformed('a % must stand before two hexadecimal digits of UTF-8', name)
  }
}

function needed(found: ReadonlyMap<string, string>, name: string): string {
  const value = found.get(name)
  if (value !== undefined && value !== '') return value
  throw malformed(`${name} must be given`)
}

const malformed = (rule: string, given?: string): VouchError =>
  new VouchError('USAGE', {
    rule: `pkcs11: ${rule}`,
    ...(given === undefined ? {} : { given: shown(given) }),
    hint: `for example ${EXAMPLE}`,
  })
