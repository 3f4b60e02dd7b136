import { toHex } from '@vouch/protocol'
import { ANCHORS, isSimulatedKind, type KindName, SNP_ANCHORS, USUAL_TTL } from '../src/index.js'
import { sgxTemplate, tdxTemplate } from './dcap-template.js'

/** What a policy pins for each kind, to be filled in. */
const PINS: Readonly<Record<KindName, (kind: KindName) => string>> = {
  'sev-snp': snpPins,
  'simulated-snp': snpPins,
  tdx: (kind) => tdxTemplate(rootsOf(kind)),
  'simulated-tdx': (kind) => tdxTemplate(rootsOf(kind)),
  sgx: (kind) => sgxTemplate(rootsOf(kind)),
  'simulated-sgx': (kind) => sgxTemplate(rootsOf(kind)),
}

/** An admission policy to be filled in. It does not load before somebody has: nobody's measurement is a default. */
export function policyTemplate(kind: KindName): string {
  return `# An admission policy: what hardware evidence is good enough for a place in the registry.
# Its id is a hash of what it says: comments, order of lists and spacing play no part. "bob policy id" prints it.
version: 1
name: <what people call this policy>

evidence:
${isSimulatedKind(kind) ? '  # Simulated evidence is worth nothing. It stands alone in a policy, and the id shows it.\n' : ''}  ${kind}:
${PINS[kind](kind)}
# Images that the agent may run from, 32 bytes each (os_image_hash).
os_images:
  - <os image hash>

# Most live places of one machine; the word none for no limit.
quota: 1
# How long a place is good for, in seconds: one hour to seven days.
ttl: ${USUAL_TTL}
collateral:
  # required: the revocation lists that the vendor publishes must come along, or lie with the registrar. when_given: they are
  # checked when they do, and a machine whose key leaked leaves them out.
  revocation: required
  # How old lists may be, and how long a place may outlive their next update, in seconds.
  max_age: 604800
  grace: 86400
`
}

/** The roots of a kind, each with its name. */
function rootsOf(kind: KindName): string {
  const roots = ANCHORS.filter((anchor) => anchor.kind === kind)
  return `    # Root keys, by the SHA-256 of their SubjectPublicKeyInfo. Leave out what you do not want.
    roots:
${roots.map(({ name, spki }) => `      - ${toHex(spki)} # ${name}`).join('\n')}`
}

function snpPins(kind: KindName): string {
  const floors = SNP_ANCHORS.filter((anchor) => anchor.kind === kind).map(
    ({ generation }) =>
      `      ${generation}: {${generation === 'turin' ? ' fmc: 0,' : ''} bootloader: 0, tee: 0, snp: 0, microcode: 0 }`,
  )
  return `${rootsOf(kind)}
    # vcek: the chip's own key. vlek: one that a cloud shares among machines; it names none, so quota must be none.
    endorsements: [vcek]
    # kernel_hashes: you declare that the measured firmware holds the hashes of kernel, initial disk and command line and
    # boots nothing else. Without that, whoever is root in a guest writes REPORT_DATA as they like.
    boot: kernel_hashes
    # MEASUREMENT of the launched guest, 48 bytes in hexadecimal.
    measurements:
      - <measurement>
    # The privilege level that the agent runs at.
    vmpl: [0]
    # What the guest's own policy may allow. debug: true lets the host read the guest's memory.
    guest_policy: { debug: false, migration: false, smt: true }
    # The lowest TCB for each generation whose root is above. Zeros accept every firmware ever made: raise them.
    tcb:
${floors.join('\n')}
`
}
