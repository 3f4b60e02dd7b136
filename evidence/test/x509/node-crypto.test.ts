import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { type EvidenceFile, parseCertificate } from '@vouch/evidence'
import { type ErrorCode, toHex } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { attest, authenticated } from '../../testing/simulated.js'

// Certificates as OpenSSL writes and reads them.

describe('certificates', () => {
  test('are read as another implementation reads them', async () => {
    for (const { bytes } of (await attest()).slice(1)) {
      const [ours, theirs] = [parseCertificate(bytes), new X509Certificate(bytes)]
      expect(ours.notBefore).toBe(Date.parse(theirs.validFrom) / 1000)
      expect(ours.notAfter).toBe(Date.parse(theirs.validTo) / 1000)
      expect(toHex(ours.serial).replace(/^0+/, '').toUpperCase()).toBe(theirs.serialNumber.replace(/^0+/, ''))
      expect(theirs.subject).toContain(`CN=${ours.commonName}`)
      expect(ours.spki).toEqual(new Uint8Array(theirs.publicKey.export({ type: 'spki', format: 'der' })))
    }
  })
})

describe('a root', () => {
  test('is told by its key: another key under the same name belongs to no vendor', async () => {
    // A root and an intermediate of our own making, with the simulated vendor's names on them.
    const stranger = strangerRoot()
    const files = await attest()
    const { failures } = await authenticated([...files.filter(({ name }) => name !== 'root.der'), stranger])
    const codes = failures.map(({ code }) => code)
    expect(new Set(codes)).toEqual(new Set<ErrorCode>(['CHAIN_FALSE']))
    expect(failures.map(({ rule }) => rule)).toContain('the root must be one that is pinned here')
  })
})

/** A self-signed root with the simulated root's name and a key that nobody pinned. */
function strangerRoot(): EvidenceFile {
  const config = [
    '[req]\ndistinguished_name=dn\nprompt=no',
    '[dn]\nO=Vouch simulated vendor\nCN=SIMULATED-ARK',
    '[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign',
  ].join('\n')
  const script = `set -e; d=$(mktemp -d); trap 'rm -r "$d"' EXIT; cat > "$d/c"
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$d/k" -config "$d/c" -extensions ca -days 20000 -sha384 \
      -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:48 -outform DER -out "$d/o" 2>/dev/null; cat "$d/o"`
  return {
    name: 'stranger.der',
    bytes: new Uint8Array(execFileSync('bash', ['-c', script], { input: config })),
  }
}
