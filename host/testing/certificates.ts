import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate and its key, as files. */
export interface Issued {
  readonly cert: string
  readonly key: string
}

/** Who issues certificates for a test: the root as a file, and more certificates under it. */
export interface TestAuthority {
  readonly root: string
  readonly rootPem: string
  /** For a server on loopback, and for a client as well. */
  issue(name: string): Issued
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']

/** Makes an authority by openssl. */
export function testAuthority(folder = mkdtempSync(join(tmpdir(), 'vouch-tls-'))): TestAuthority {
  const openssl = (...args: readonly string[]): void =>
    void execFileSync('openssl', ['req', '-x509', ...EC, ...args], { stdio: 'pipe' })
  const [root, rootKey] = [join(folder, 'root.pem'), join(folder, 'root.key')]
  openssl('-subj', '/CN=test root', '-keyout', rootKey, '-out', root)
  return {
    root,
    rootPem: readFileSync(root, 'utf8'),
    issue: (name) => {
      const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
      const names = [
        '-addext',
        'subjectAltName=IP:127.0.0.1,DNS:localhost',
        '-addext',
        'basicConstraints=critical,CA:FALSE',
      ]
      openssl('-subj', `/CN=${name}`, ...names, '-CA', root, '-CAkey', rootKey, '-keyout', key, '-out', cert)
      return { cert, key }
    },
  }
}
