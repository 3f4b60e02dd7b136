import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Certificates {
  readonly ca: string
  /** Certificate and key in one file. */
  readonly server: string
  readonly client: string
}

/** An authority of a test's own, with a server on loopback and a client. */
export async function makeCertificates(folder: string, name: string): Promise<Certificates> {
  const path = (part: string): string => join(folder, `${name}-${part}.pem`)
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const authority = [...['req', '-x509', ...newKey], '-subj', `/CN=${name}`, '-keyout', path('ca-key')]
  await run('openssl', [...authority, '-out', path('ca')])
  const issue = async (part: string): Promise<string> => {
    const subject = ['-subj', `/CN=${part}`, '-addext', 'subjectAltName=IP:127.0.0.1']
    const by = ['-CA', path('ca'), '-CAkey', path('ca-key')]
    const { stdout } = await run('openssl', [
      ...['req', '-x509', ...newKey, ...subject, ...by],
      ...['-keyout', path(`${part}-key`)],
    ])
    const key = await readFile(path(`${part}-key`), 'utf8')
    await writeFile(path(part), stdout + key, { mode: 0o600 })
    return path(part)
  }
  return { ca: path('ca'), server: await issue('server'), client: await issue('client') }
}
