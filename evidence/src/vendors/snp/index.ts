import { reportSlots } from '../claims.js'
import type { Vendor } from '../vendor.js'
import { kindOfReport, SNP_ANCHORS } from './anchors.js'
import { appraiseSnp, inspectSnp } from './appraise.js'
import { authenticateSnp } from './authenticate.js'
import { explainEndorsement, explainReport } from './explain.js'
import { assertSoundSnp, type SnpPins, simulatedSnpPins, snpPins, warningsOfSnp } from './pins.js'
import { publishedForSnp, SNP_SERVICES } from './published.js'
import { looksLikeReport, parseSnp } from './report.js'
import { snpTemplate } from './template.js'
import type { SnpClaims, SnpEvidence } from './types.js'

const KIND = {
  assertSound: assertSoundSnp,
  warnings: warningsOfSnp,
  appraise: appraiseSnp,
  inspect: inspectSnp,
  template: snpTemplate,
} as const

type Snp = { readonly pins: SnpPins; readonly claims: SnpClaims }

/** AMD: guests under SEV-SNP. */
export const snp: Vendor<SnpEvidence, { readonly 'sev-snp': Snp; readonly 'simulated-snp': Snp }, never> = {
  anchors: SNP_ANCHORS,
  parts: {
    'snp-report': {
      looksLike: looksLikeReport,
      explain: ['SEV-SNP: ATTESTATION_REPORT', explainReport],
    },
  },
  format: {
    name: 'snp',
    main: 'snp-report',
    beside: [],
    parse: parseSnp,
    authenticate: authenticateSnp,
    slots: ({ report }) => reportSlots(report),
    purported: ({ certificates }) => kindOfReport(certificates),
    published: publishedForSnp,
  },
  kinds: {
    'sev-snp': { number: 1, simulated: false, title: 'AMD SEV-SNP', pins: snpPins, ...KIND },
    'simulated-snp': {
      number: 2,
      simulated: true,
      title: 'SEV-SNP format under the simulated vendor: worth nothing',
      pins: simulatedSnpPins,
      ...KIND,
    },
  },
  services: SNP_SERVICES,
  explainCertificate: explainEndorsement,
}
