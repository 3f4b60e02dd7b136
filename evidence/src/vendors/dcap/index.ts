import { reportSlots } from '../claims.js'
import type { Vendor } from '../vendor.js'
import { DCAP_ANCHORS, kindOfQuote } from './anchors.js'
import { appraiseSgx, appraiseTdx, inspectSgx, inspectTdx } from './appraise.js'
import { authenticateQuote } from './authenticate.js'
import { looksLikeCollateralFile, openCollateralFile } from './collateral-file.js'
import { looksLikeQeIdentity, looksLikeTcbInfo, parseQeIdentity, parseTcbInfo } from './documents.js'
import { explainQeIdentity, explainQuote, explainTcbInfo } from './explain.js'
import { parseDcap } from './parse.js'
import {
  assertSoundDcap,
  type SgxPins,
  sgxPins,
  type TdxPins,
  tdxPins,
  warningsOfSgx,
  warningsOfTdx,
} from './pins.js'
import { DCAP_FORMS, DCAP_SERVICES, publishedForDcap } from './published.js'
import { certificatesInQuote, looksLikeQuote, parseQuote, teeOf } from './quote.js'
import { sgxTemplate, tdxTemplate } from './template.js'
import type { DcapEvidence, SgxClaims, TdxClaims } from './types.js'

const TDX = {
  pins: tdxPins,
  assertSound: assertSoundDcap,
  warnings: warningsOfTdx,
  appraise: appraiseTdx,
  inspect: inspectTdx,
  template: tdxTemplate,
} as const
const SGX = {
  pins: sgxPins,
  assertSound: assertSoundDcap,
  warnings: warningsOfSgx,
  appraise: appraiseSgx,
  inspect: inspectSgx,
  template: sgxTemplate,
} as const

type Tdx = { readonly pins: TdxPins; readonly claims: TdxClaims }
type Sgx = { readonly pins: SgxPins; readonly claims: SgxClaims }

/** Intel: guests under TDX and enclaves under SGX, by what its data center attestation primitives say of them. */
export const dcap: Vendor<
  DcapEvidence,
  {
    readonly tdx: Tdx
    readonly 'simulated-tdx': Tdx
    readonly sgx: Sgx
    readonly 'simulated-sgx': Sgx
  },
  keyof typeof DCAP_FORMS
> = {
  anchors: DCAP_ANCHORS,
  parts: {
    'dcap-quote': {
      looksLike: looksLikeQuote,
      explain: ['Intel: quote of TDX or SGX', explainQuote],
      certificates: certificatesInQuote,
      size: (bytes) => bytes.length - parseQuote(bytes).quote.behind.length,
    },
    'tcb-info': {
      looksLike: looksLikeTcbInfo,
      explain: ['Intel: TCB info', explainTcbInfo],
      renews: (bytes) => parseTcbInfo(bytes).content.id,
    },
    'qe-identity': {
      looksLike: looksLikeQeIdentity,
      explain: ['Intel: identity of a quoting enclave', explainQeIdentity],
      renews: (bytes) => parseQeIdentity(bytes).content.id,
    },
  },
  format: {
    name: 'dcap',
    main: 'dcap-quote',
    beside: ['tcb-info', 'qe-identity', 'event-log'],
    parse: parseDcap,
    authenticate: authenticateQuote,
    slots: ({ quote }) => reportSlots(quote.report),
    purported: ({ quote, certificates }) => kindOfQuote(teeOf(quote.report), certificates),
    published: publishedForDcap,
  },
  kinds: {
    tdx: { number: 3, simulated: false, title: 'Intel TDX', ...TDX },
    'simulated-tdx': {
      number: 4,
      simulated: true,
      title: 'TDX format under the simulated vendor: worth nothing',
      ...TDX,
    },
    sgx: { number: 5, simulated: false, title: 'Intel SGX', ...SGX },
    'simulated-sgx': {
      number: 6,
      simulated: true,
      title: 'SGX format under the simulated vendor: worth nothing',
      ...SGX,
    },
  },
  containers: [{ fits: looksLikeCollateralFile, open: openCollateralFile }],
  forms: DCAP_FORMS,
  services: DCAP_SERVICES,
}
