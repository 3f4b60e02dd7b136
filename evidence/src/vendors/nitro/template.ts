import { rootsTemplate } from '../../core/policy/frame.js'
import { NITRO_ANCHORS } from './anchors.js'

/** What a policy pins of enclaves, as YAML to be filled in. */
export const nitroTemplate = (kind: string): string => `${rootsTemplate(NITRO_ANCHORS, kind)}
    # The images that may run: PCR0 (image file), PCR1 (kernel and boot ramdisk), PCR2 (application), 48 bytes each.
    images:
      - { pcr0: <pcr0>, pcr1: <pcr1>, pcr2: <pcr2> }
    # PCR8, who signed the image; an empty list for whoever did.
    signers: []
    # Whether the parent may debug the enclave, and so read all of it.
    debug: false
`
