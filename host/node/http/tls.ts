import { constants, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { sentence, textOf, VouchError } from '@vouch/protocol'
import { Turns } from '../../src/turns.js'
import { parseNamedFile } from '../files/files.js'
import { parsePrivateFile } from '../files/private-files.js'

/** The files that a server shows itself by. */
export interface TlsFiles {
  /** The server's certificate, and those between it and a root that clients know, in PEM. */
  readonly cert: string
  readonly key: string
  /** The roots of clients' certificates, in PEM: then no client comes in without one. */
  readonly clientCa?: string | undefined
}

/** What a server begins with in TLS. */
export type TlsServerOptions = SecureContextOptions & {
  readonly requestCert?: true
  readonly rejectUnauthorized?: true
}

/** What TLS takes of a server that is told of a new pair. */
export interface Follower {
  setSecureContext(options: SecureContextOptions): void
}

/** Versions and ciphers: 1.3 where the client has it; 1.2 with forward secrecy and authenticated ciphers, and nothing older. */
const POLICY = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256',
    'ECDHE+AESGCM:ECDHE+CHACHA20',
  ].join(':'),
} as const satisfies SecureContextOptions

/** No session is taken up again: a certificate that was just verified is what a role is given to. */
const MUTUAL = {
  requestCert: true,
  rejectUnauthorized: true,
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const

interface Pair {
  readonly options: TlsServerOptions
  /** When the certificate ends, in seconds since 1970. */
  readonly expiresAt: number
}

/**
 * A server's certificate and key, read anew on SIGHUP. Connections that are open stay as they are. A new pair that is broken changes nothing: a
 * renewal that goes wrong at night must not take the server down before the old certificate ends.
 */
export class TlsIdentity {
  private pair: Pair
  private readonly files: TlsFiles
  private readonly say: (words: string) => void
  private readonly followers = new Set<Follower>()
  private readonly turns = new Turns()
  private readonly onSignal = (): void => void this.turns.take(() => this.reload())

  private constructor(files: TlsFiles, pair: Pair, say: (words: string) => void) {
    this.files = files
    this.pair = pair
    this.say = say
  }

  static async open(files: TlsFiles, say: (words: string) => void): Promise<TlsIdentity> {
    return new TlsIdentity(files, await readPair(files), say)
  }

  get options(): TlsServerOptions {
    return this.pair.options
  }

  get expiresAt(): number {
    return this.pair.expiresAt
  }

  /** Has a server follow what the files hold. Answers with how to end that. */
  follow(server: Follower): () => void {
    if (this.followers.size === 0) process.on('SIGHUP', this.onSignal)
    this.followers.add(server)
    return () => {
      this.followers.delete(server)
      if (this.followers.size === 0) process.off('SIGHUP', this.onSignal)
    }
  }

  private async reload(): Promise<void> {
    try {
      this.pair = await readPair(this.files)
      for (const server of this.followers) server.setSecureContext(this.pair.options)
      this.say('the certificate was read anew')
    } catch (error) {
      const why = error instanceof VouchError ? `${sentence(error)} [${error.code}]` : 'unknown'
      this.say(`error: the new certificate is not used, and the one before stays: ${why}`)
    }
  }
}

async function readPair({ cert, key, clientCa }: TlsFiles): Promise<Pair> {
  const [chain, certificate] = await parseNamedFile(cert, certificateIn)
  const [secret, privateKey] = await parsePrivateFile(key, privateKeyIn)
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new VouchError('USAGE', {
      rule: 'the certificate is of another key than the one given',
      hint: 'name a certificate and its own key with --tls-cert and --tls-key',
    })
  }
  const roots = clientCa === undefined ? undefined : (await parseNamedFile(clientCa, certificateIn))[0]
  const options: TlsServerOptions = {
    ...{ ...POLICY, cert: chain, key: secret },
    ...(roots === undefined ? {} : { ...MUTUAL, ca: roots }),
  }
  try {
    createSecureContext(options)
  } catch (cause) {
    throw new VouchError(
      'CERTIFICATE_MALFORMED',
      { rule: 'the certificates of the file must be a chain that TLS takes' },
      { cause },
    )
  }
  return { options, expiresAt: Math.floor(Date.parse(certificate.validTo) / 1000) }
}

function certificateIn(file: Uint8Array): readonly [string, X509Certificate] {
  try {
    const text = textOf(file)
    return [text, new X509Certificate(text)]
  } catch (cause) {
    throw new VouchError(
      'CERTIFICATE_MALFORMED',
      { rule: 'the file must begin with a certificate in PEM' },
      { cause },
    )
  }
}

function privateKeyIn(file: Uint8Array): readonly [string, KeyObject] {
  try {
    const text = textOf(file)
    return [text, createPrivateKey(text)]
  } catch {
    // The cause is left out: it may repeat what the file holds.
    throw new VouchError('KEY_MALFORMED', {
      rule: 'the file must hold a private key in PEM, without a passphrase',
    })
  }
}
