import { anchorAmong } from '../../core/anchors.js'
import type { Vendor } from '../vendor.js'
import { NITRO_ANCHORS } from './anchors.js'
import { appraiseNitro, inspectNitro } from './appraise.js'
import { authenticateNitro } from './authenticate.js'
import { certificatesInDocument, documentSlots, keysIn, looksLikeDocument, parseNitro } from './document.js'
import { explainDocument } from './explain.js'
import { assertSoundNitro, type NitroPins, nitroPins, warningsOfNitro } from './pins.js'
import { publishedForNitro } from './published.js'
import { nitroTemplate } from './template.js'
import type { NitroClaims, NitroEvidence } from './types.js'

const KIND = {
  pins: nitroPins,
  assertSound: assertSoundNitro,
  warnings: warningsOfNitro,
  appraise: appraiseNitro,
  inspect: inspectNitro,
  template: nitroTemplate,
} as const

type Nitro = { readonly pins: NitroPins; readonly claims: NitroClaims }

/** AWS: enclaves beside its machines. */
export const nitro: Vendor<
  NitroEvidence,
  { readonly 'aws-nitro': Nitro; readonly 'simulated-nitro': Nitro },
  never
> = {
  anchors: NITRO_ANCHORS,
  parts: {
    'nitro-document': {
      looksLike: looksLikeDocument,
      explain: ['AWS Nitro: attestation document', explainDocument],
      certificates: certificatesInDocument,
    },
  },
  format: {
    name: 'nitro',
    main: 'nitro-document',
    beside: [],
    parse: parseNitro,
    authenticate: authenticateNitro,
    slots: ({ signed }) => documentSlots(signed.document),
    purported: ({ signed }) => anchorAmong(NITRO_ANCHORS, keysIn(signed.document))?.kind ?? 'aws-nitro',
    published: publishedForNitro,
  },
  kinds: {
    'aws-nitro': { number: 7, simulated: false, title: 'AWS Nitro Enclaves', ...KIND },
    'simulated-nitro': {
      number: 8,
      simulated: true,
      title: 'Nitro format under a simulated root: worth nothing',
      ...KIND,
    },
  },
}
