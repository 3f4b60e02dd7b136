import { type Certificate, parseCertificate } from '@vouch/evidence'
import { certificate, criticalExtension, extension } from '../src/x509/issue/certificates.js'
import { type Scheme, signingKey } from '../src/x509/issue/schemes.js'

/** Another certificate of a simulated root: its name and its key, under other dates. */
export async function renewedRoot(
  root: Uint8Array,
  key: Uint8Array,
  scheme: Scheme,
  content: Partial<Pick<Certificate, 'notBefore' | 'notAfter' | 'spki'>> = {},
): Promise<Uint8Array> {
  const { subject, spki, notBefore, notAfter, extensions } = parseCertificate(root)
  return certificate(
    {
      ...{ serial: Uint8Array.of(77), subject, spki, notBefore, notAfter, ...content },
      extensions: [...extensions].map(([id, { critical, value }]) =>
        critical ? criticalExtension(id, value) : extension(id, value),
      ),
    },
    { subject, key: await signingKey(key, scheme.key), scheme },
  )
}
