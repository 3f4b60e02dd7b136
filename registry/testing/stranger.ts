import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type SimulatedVendor, simulatedVendor } from '@vouch/evidence/simulated'
import { readPem } from '../../fixtures/pem.js'

// Keys of 4096 bits and signatures as the simulated vendor's; `subject` is the name that a certificate request asks for.
const SCRIPT = `
request() { printf '[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nO=Vouch simulated vendor\nCN=%s\n[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n' "$1"; }
pss='-sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:48'
request SIMULATED-ARK > root.cnf
request SIMULATED-ASK > intermediate.cnf
openssl req -x509 -newkey rsa:4096 -nodes -keyout root.key.pem -config root.cnf -extensions ca -days 5000 $pss -out root.pem
openssl req -new -newkey rsa:4096 -nodes -keyout intermediate.key.pem -config intermediate.cnf -sha384 -out request.pem
openssl x509 -req -in request.pem -CA root.pem -CAkey root.key.pem -set_serial 2 -extfile intermediate.cnf -extensions ca -days 5000 $pss -out intermediate.pem
`

/** A vendor who is in all things as the simulated one, names included, but for its keys: nobody pinned its root. */
export function strangerVendor(): SimulatedVendor {
  const folder = mkdtempSync(join(tmpdir(), 'vouch-stranger-'))
  try {
    execFileSync('sh', ['-e', '-c', SCRIPT], { cwd: folder, stdio: 'pipe' })
    const own = (name: string) => readPem(pathToFileURL(join(folder, name)))
    const fixture = (name: string) =>
      readPem(new URL(`../../fixtures/simulated-vendor/${name}`, import.meta.url))
    return simulatedVendor({
      root: own('root.pem'),
      rootKey: own('root.key.pem'),
      intermediate: own('intermediate.pem'),
      intermediateKey: own('intermediate.key.pem'),
      chipKey: fixture('vcek.key.pem'),
      chipSpki: fixture('vcek.pub.pem'),
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
