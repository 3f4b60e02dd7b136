import { toHex } from '@vouch/protocol'
import { ANCHORS, type KindName, USUAL_TTL } from '../src/index.js'

/** An admission policy to be filled in. It does not load before somebody has: nobody's measurement is a default. */
export function policyTemplate(kind: KindName): string {
  const anchors = ANCHORS.filter((anchor) => anchor.kind === kind)
  const roots = anchors.map(({ name, spki }) => `      - ${toHex(spki)} # ${name}`)
  const floors = anchors.map(
    ({ generation }) =>
      `      ${generation}: {${generation === 'turin' ? ' fmc: 0,' : ''} bootloader: 0, tee: 0, snp: 0, microcode: 0 }`,
  )
  return `# An admission policy: what hardware evidence is good enough for a place in the registry.
# Its id is a hash of what it says: comments, order of lists and spacing play no part. "bob policy id" prints it.
version: 1
name: <what people call this policy>

evidence:
${kind === 'simulated-snp' ? '  # Simulated evidence is worth nothing. It stands alone in a policy, and the id shows it.\n' : ''}  ${kind}:
    # Root keys, by the SHA-256 of their SubjectPublicKeyInfo. Leave out what you do not want.
    roots:
${roots.join('\n')}
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

# Images that the agent may run from, 32 bytes each (os_image_hash).
os_images:
  - <os image hash>

# Most live places of one machine; the word none for no limit.
quota: 1
# How long a place is good for, in seconds: one hour to seven days.
ttl: ${USUAL_TTL}
# Revocation lists: how old they may be, and how long a place may outlive their next update, in seconds.
collateral: { max_age: 604800, grace: 86400 }
`
}
