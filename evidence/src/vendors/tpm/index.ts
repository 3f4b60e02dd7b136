import { anchorAmong } from '../../core/anchors.js'
import type { Vendor } from '../vendor.js'
import { TPM_ANCHORS } from './anchors.js'
import { appraiseTpm, inspectTpm } from './appraise.js'
import { looksLikeAttest, parseAttest } from './attest.js'
import { authenticateTpm } from './authenticate.js'
import { explainAttest, explainPcrs, explainPublicArea, explainSignature } from './explain.js'
import { looksLikePublicKey, parseTpm } from './parse.js'
import { looksLikePcrs } from './pcrs.js'
import { assertSoundTpm, type TpmPins, tpmPins, warningsOfTpm } from './pins.js'
import { looksLikePublicArea } from './public-area.js'
import { quoteSlots } from './quote.js'
import { looksLikeBareSignature, looksLikeSignature, parseSignature } from './signature.js'
import { tpmTemplate } from './template.js'
import type { TpmClaims, TpmEvidence } from './types.js'

const KIND = {
  pins: tpmPins,
  assertSound: assertSoundTpm,
  warnings: warningsOfTpm,
  appraise: appraiseTpm,
  inspect: inspectTpm,
  template: tpmTemplate,
} as const

type Tpm = { readonly pins: TpmPins; readonly claims: TpmClaims }

/** TPM 2.0, of any maker: quotes of what booted. */
export const tpm: Vendor<TpmEvidence, { readonly tpm: Tpm; readonly 'simulated-tpm': Tpm }, never> = {
  anchors: TPM_ANCHORS,
  parts: {
    'tpm-attest': {
      looksLike: looksLikeAttest,
      explain: ['TPM 2.0: TPMS_ATTEST', explainAttest],
      size: (bytes) => parseAttest(bytes).bytes.length,
    },
    'tpm-signature': {
      looksLike: looksLikeSignature,
      explain: ['TPM 2.0: TPMT_SIGNATURE', explainSignature],
      size: (bytes) => bytes.length - parseSignature(bytes).trailing.length,
    },
    'tpm-public-area': {
      looksLike: looksLikePublicArea,
      explain: ['TPM 2.0: public area of a key (TPMT_PUBLIC)', explainPublicArea],
    },
    'public-key': { looksLike: looksLikePublicKey },
    'pcr-values': { looksLike: looksLikePcrs, explain: ['PCR values', explainPcrs] },
    'bare-signature': { looksLike: looksLikeBareSignature, toldBy: 'length' },
  },
  format: {
    name: 'tpm',
    main: 'tpm-attest',
    beside: ['tpm-signature', 'tpm-public-area', 'public-key', 'pcr-values', 'tcg12-event-log', 'event-log'],
    parse: parseTpm,
    authenticate: authenticateTpm,
    slots: quoteSlots,
    purported: ({ certificates }) =>
      anchorAmong(
        TPM_ANCHORS,
        certificates.map(({ spki }) => spki),
      )?.kind ?? 'tpm',
    published: () => [[]],
  },
  kinds: {
    tpm: {
      number: 11,
      simulated: false,
      title: 'TPM 2.0 quote: what booted, and nothing about memory',
      ...KIND,
    },
    'simulated-tpm': {
      number: 12,
      simulated: true,
      title: 'TPM 2.0 quote under the simulated authority: worth nothing',
      ...KIND,
    },
  },
}
