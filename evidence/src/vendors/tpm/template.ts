import { rootsTemplate } from '../../core/policy/frame.js'
import { TPM_ANCHORS } from './anchors.js'
import { NOT_CONFIDENTIAL } from './pins.js'

// What a policy pins of a TPM's quote, as YAML to be filled in.

export const tpmTemplate = (
  kind: string,
): string => `    # A TPM says what booted; whoever runs the machine reads its memory all the same. These words say that you know.
    confidential: "${NOT_CONFIDENTIAL}"
${rootsTemplate(TPM_ANCHORS, kind)}
    # Attestation keys that will do without a chain: the SHA-256 of their SubjectPublicKeyInfo.
    keys: []
    # Firmware versions of the TPM, 8 bytes in hexadecimal; or the word any.
    firmware: any
${QUOTE_TEMPLATE}`

/** The pins of a quote, of a TPM that stands alone or in a machine. */
export const QUOTE_TEMPLATE = `    # Hashes that a quote may be signed with. SHA-1 is not to be had.
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
