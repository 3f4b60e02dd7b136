import { toHex } from '@vouch/protocol'
import {
  ANCHORS,
  AZURE_SNP_ANCHORS,
  isSimulatedKind,
  type KindName,
  NOT_CONFIDENTIAL,
  NVIDIA_ANCHORS,
  SNP_ANCHORS,
  USUAL_TTL,
} from '../src/index.js'
import { GUEST, LAYER, sgxTemplate, tdxTemplate } from './dcap-template.js'

/** Kinds that a policy can admit: devices alone bind no services. */
export type MachineKind = Exclude<KindName, 'nvidia-gpu' | 'simulated-nvidia'>

/** What a policy pins for each kind, to be filled in. */
const PINS: Readonly<Record<MachineKind, (kind: KindName) => string>> = {
  'sev-snp': snpPins,
  'simulated-snp': snpPins,
  tpm: tpmPins,
  'simulated-tpm': tpmPins,
  'azure-snp': azureSnpPins,
  'simulated-azure-snp': azureSnpPins,
  'azure-tdx': (kind) => `${tdxTemplate(rootsOf(kind), LAYER)}${quotePins()}`,
  'simulated-azure-tdx': (kind) => `${tdxTemplate(rootsOf(kind), LAYER)}${quotePins()}`,
  'aws-nitro': nitroPins,
  'simulated-nitro': nitroPins,
  tdx: (kind) => tdxTemplate(rootsOf(kind), GUEST),
  'simulated-tdx': (kind) => tdxTemplate(rootsOf(kind), GUEST),
  sgx: (kind) => sgxTemplate(rootsOf(kind)),
  'simulated-sgx': (kind) => sgxTemplate(rootsOf(kind)),
}

/** An admission policy to be filled in. It does not load before somebody has: nobody's measurement is a default. */
export function policyTemplate(kind: MachineKind): string {
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
# GPUs and switches: without this part, a machine that shows any is refused.
# gpus:
#   required: false
#   roots:
#     - ${gpuRoots(kind)}
#   drivers: [] # versions; an empty list for any, here and below
#   vbios: []
#   fwids: []

collateral:
  # required: the revocation lists that the vendor publishes must come along, or lie with the registrar. when_given: they are
  # checked when they do, and a machine whose key leaked leaves them out.
  revocation: required
  # How old lists may be, and how long a place may outlive their next update, in seconds.
  max_age: 604800
  grace: 86400
`
}

export const MACHINE_KINDS = Object.keys(PINS) as readonly MachineKind[]

/** The roots of a kind, each with its name. */
function rootsOf(kind: KindName): string {
  const roots = ANCHORS.filter((anchor) => anchor.kind === kind)
  return `    # Root keys, by the SHA-256 of their SubjectPublicKeyInfo. Leave out what you do not want.
    roots:
${roots.map(({ name, spki }) => `      - ${toHex(spki)} # ${name}`).join('\n')}`
}

function snpPins(kind: KindName): string {
  return `${rootsOf(kind)}
${ENDORSEMENTS}
    # kernel_hashes: you declare that the measured firmware holds the hashes of kernel, initial disk and command line and
    # boots nothing else. Without that, whoever is root in a guest writes REPORT_DATA as they like.
    boot: kernel_hashes
    # MEASUREMENT of the launched guest, 48 bytes in hexadecimal.
    measurements:
      - <measurement>
    # The privilege level that the agent runs at.
    vmpl: [0]
${GUEST_POLICY}
${lowestTcb(kind)}
`
}

const ENDORSEMENTS = `    # vcek: the chip's own key. vlek: one that a cloud shares among machines; it names none, so quota must be none.
    endorsements: [vcek]`
const GUEST_POLICY = `    # What the guest's own policy may allow. debug: true lets the host read the guest's memory.
    guest_policy: { debug: false, migration: false, smt: true }`

function lowestTcb(kind: KindName): string {
  const floors = [...SNP_ANCHORS, ...AZURE_SNP_ANCHORS]
    .filter((anchor) => anchor.kind === kind)
    .map(
      ({ generation }) =>
        `      ${generation}: {${generation === 'turin' ? ' fmc: 0,' : ''} bootloader: 0, tee: 0, snp: 0, microcode: 0 }`,
    )
  return `    # The lowest TCB for each generation whose root is above. Zeros accept every firmware ever made: raise them.
    tcb:
${floors.join('\n')}`
}

function azureSnpPins(kind: KindName): string {
  return `${rootsOf(kind)}
${ENDORSEMENTS}
    # MEASUREMENT of the layer below the guest, 48 bytes in hexadecimal. What the guest boots, the PCRs below say.
    measurements:
      - <measurement>
${GUEST_POLICY}
${lowestTcb(kind)}
${quotePins()}`
}

function tpmPins(kind: KindName): string {
  return `    # A TPM says what booted; whoever runs the machine reads its memory all the same. These words say that you know.
    confidential: "${NOT_CONFIDENTIAL}"
${rootsOf(kind)}
    # Attestation keys that will do without a chain: the SHA-256 of their SubjectPublicKeyInfo.
    keys: []
    # Firmware versions of the TPM, 8 bytes in hexadecimal; or the word any.
    firmware: any
${quotePins()}`
}

function quotePins(): string {
  return `    # Hashes that a quote may be signed with. SHA-1 is not to be had.
    hashes: [sha256, sha384]
    # What measures all that boots. grub: PCRs 0, 2, 4, 7, 8 and 9 must be pinned. unified_kernel: 0, 2, 4, 7 and 11.
    boot: unified_kernel
    # The bank of PCRs that is pinned, and accepted values by index.
    bank: sha256
    pcrs:
      - { index: 0, values: [<firmware>] }
      - { index: 2, values: [<option ROMs>] }
      - { index: 4, values: [<boot loader, kernel image>] }
      - { index: 7, values: [<secure boot>] }
      - { index: 11, values: [<parts of the unified kernel image>] }
`
}

function nitroPins(kind: KindName): string {
  return `${rootsOf(kind)}
    # The images that may run: PCR0 (image file), PCR1 (kernel and boot ramdisk), PCR2 (application), 48 bytes each.
    images:
      - { pcr0: <pcr0>, pcr1: <pcr1>, pcr2: <pcr2> }
    # PCR8, who signed the image; an empty list for whoever did.
    signers: []
    # Whether the parent may debug the enclave, and so read all of it.
    debug: false
`
}

function gpuRoots(kind: KindName): string {
  const name = isSimulatedKind(kind) ? 'simulated-nvidia' : 'nvidia-gpu'
  const anchor = NVIDIA_ANCHORS.find((candidate) => candidate.kind === name)
  return anchor === undefined ? '' : `${toHex(anchor.spki)} # ${anchor.name}`
}
