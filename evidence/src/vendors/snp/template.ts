import { rootsTemplate } from '../../core/policy/frame.js'
import { SNP_ANCHORS, type SnpAnchor } from './anchors.js'

// What a policy pins of guests on AMD's processors, as YAML to be filled in.

export const snpTemplate = (kind: string): string => `${rootsTemplate(SNP_ANCHORS, kind)}
${ENDORSEMENTS_TEMPLATE}
    # kernel_hashes: you declare that the measured firmware holds the hashes of kernel, initial disk and command line and
    # boots nothing else. Without that, whoever is root in a guest writes REPORT_DATA as they like.
    boot: kernel_hashes
    # MEASUREMENT of the launched guest, 48 bytes in hexadecimal.
    measurements:
      - <measurement>
    # The privilege level that the agent runs at.
    vmpl: [0]
${GUEST_POLICY_TEMPLATE}
${tcbTemplate(SNP_ANCHORS, kind)}
`

export const ENDORSEMENTS_TEMPLATE = `    # vcek: the chip's own key. vlek: one that a cloud shares among machines; it names none, so quota must be none.
    endorsements: [vcek]`
export const GUEST_POLICY_TEMPLATE = `    # What the guest's own policy may allow. debug: true lets the host read the guest's memory.
    guest_policy: { debug: false, migration: false, smt: true }`

type Generations = readonly { readonly kind: string; readonly generation: SnpAnchor['generation'] }[]

export function tcbTemplate(anchors: Generations, kind: string): string {
  const floors = anchors
    .filter((anchor) => anchor.kind === kind)
    .map(
      ({ generation }) =>
        `      ${generation}: {${generation === 'turin' ? ' fmc: 0,' : ''} bootloader: 0, tee: 0, snp: 0, microcode: 0 }`,
    )
  return `    # The lowest TCB for each generation whose root is above. Zeros accept every firmware ever made: raise them.
    tcb:
${floors.join('\n')}`
}
