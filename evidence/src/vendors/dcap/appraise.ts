import { type Checks, equalBytes, toHex } from '@vouch/protocol'
import type { AppraisalFailure } from '../../core/checks.js'
import { type Want, wantOf, wantRoot } from '../../core/want.js'
import {
  type AcceptableStatus,
  type GuestMeasurements,
  type SgxPins,
  type TdxPins,
  USUAL_STATUSES,
} from './pins.js'
import { standingText } from './tcb.js'
import type { DcapClaims, SgxClaims, TcbStanding, TdxFacts } from './types.js'

/** What is appraised of every quote. */
type DcapFacts = Pick<DcapClaims, 'root' | 'tcb' | 'padding' | 'trailing'>

/** Compares a guest's claims with pins, all of them: a person who is refused sees everything that is in the way. */
export function appraiseTdx(checks: Checks<AppraisalFailure>, claims: TdxFacts, pins: TdxPins): void {
  const want = wantOf(checks)
  wantRoot(want, pins.roots, claims.root)
  const { measurements, tdAttributes, mrServiceTd } = claims
  want(
    pins.measurements.some((accepted) => isImage(accepted, measurements)),
    'MEASUREMENT_NOT_ACCEPTED',
    'measurements',
    {
      rule: 'MRTD and RTMR0 to RTMR2 must be those of one image that the policy names',
      wanted: pins.measurements.map(imageText).join(' or '),
      given: imageText(measurements),
    },
  )
  for (const name of ['debug', 'migratable', 'perfmon', 'septVe'] as const) {
    const code = name === 'debug' ? 'DEBUG_NOT_ACCEPTED' : 'GUEST_POLICY_NOT_ACCEPTED'
    want(!tdAttributes[name] || pins.tdAttributes[name], code, `td_attributes.${ATTRIBUTE[name]}`, {
      rule: `TDATTRIBUTES must not allow ${ATTRIBUTE[name]} unless the policy does`,
      wanted: 'false',
      given: String(tdAttributes[name]),
    })
  }
  want(!tdAttributes.unknown, 'GUEST_POLICY_NOT_ACCEPTED', 'td_attributes', {
    rule: 'TDATTRIBUTES must have no bits set that are not known here',
    wanted: 'none',
    given: 'some',
  })
  want(
    !isServed(claims) || pins.tdAttributes.migratable,
    'GUEST_POLICY_NOT_ACCEPTED',
    'td_attributes.migratable',
    {
      rule: 'no service guest may be bound to this one unless the policy allows migration',
      wanted: 'MRSERVICETD 0',
      given: toHex(mrServiceTd ?? new Uint8Array()),
    },
  )
  checkTcb(want, claims.tcb, pins.tcb.statuses)
  checkEvaluation(want, claims.tcb, pins.tcb.minEvaluation)
  checkEnd(want, claims)
}

/** Whether a service guest is bound to this one: that of TDX's migration, in whose hands its memory is. */
const isServed = ({ mrServiceTd }: TdxFacts): boolean => mrServiceTd?.some((byte) => byte !== 0) ?? false

const ATTRIBUTE = { debug: 'debug', migratable: 'migratable', perfmon: 'perfmon', septVe: 'sept_ve' } as const
const REGISTERS = ['mrtd', 'rtmr0', 'rtmr1', 'rtmr2'] as const

const isImage = (accepted: GuestMeasurements, given: GuestMeasurements): boolean =>
  REGISTERS.every((name) => equalBytes(accepted[name], given[name]))
const imageText = (image: GuestMeasurements): string =>
  REGISTERS.map((name) => `${name} ${toHex(image[name])}`).join(', ')

/** Compares an enclave's claims with pins. */
export function appraiseSgx(checks: Checks<AppraisalFailure>, claims: SgxClaims, pins: SgxPins): void {
  const want = wantOf(checks)
  wantRoot(want, pins.roots, claims.root)
  const { mrEnclave, mrSigner, isvProdId, isvSvn } = claims
  const { mrenclaves = [], signers = [] } = pins.enclaves
  const isMeasured = mrenclaves.some((accepted) => equalBytes(accepted, mrEnclave))
  const isSigned = signers.some(
    (signer) =>
      equalBytes(signer.mrsigner, mrSigner) && signer.isvProdId === isvProdId && isvSvn >= signer.isvSvn,
  )
  want(isMeasured || isSigned, 'MEASUREMENT_NOT_ACCEPTED', 'enclaves', {
    rule: 'the enclave must be one that the policy names, by MRENCLAVE or by signer, product and lowest SVN',
    wanted: [
      ...mrenclaves.map(toHex),
      ...signers.map((signer) => signerText(signer.mrsigner, signer.isvProdId, signer.isvSvn)),
    ].join(' or '),
    given: `${toHex(mrEnclave)}, ${signerText(mrSigner, isvProdId, isvSvn)}`,
  })
  want(!claims.debug || pins.attributes.debug, 'DEBUG_NOT_ACCEPTED', 'attributes.debug', {
    rule: 'the enclave must not be open to a debugger unless the policy allows it',
    wanted: 'false',
    given: String(claims.debug),
  })
  checkTcb(want, claims.tcb, pins.tcb.statuses)
  checkEvaluation(want, claims.tcb, pins.tcb.minEvaluation)
  checkEnd(want, claims)
}

const signerText = (mrsigner: Uint8Array, product: number, svn: number): string =>
  `MRSIGNER ${toHex(mrsigner)} with ISVPRODID ${product}, ISVSVN ${svn}`

/** What holds of a guest whoever asks. */
export function inspectTdx(checks: Checks<AppraisalFailure>, claims: TdxFacts): void {
  inspectCommon(checks, claims, claims.tdAttributes.debug)
  if (claims.tdAttributes.septVe)
    checks.warn(
      'SEPT_VE_DISABLE is not set: the host can raise an exception inside the guest wherever it likes, by taking away the memory that the guest is about to use',
    )
  if (isServed(claims))
    checks.warn(
      `MRSERVICETD is not 0: a service guest is bound to this one and holds its memory when it moves it to another machine; it is ${toHex(claims.mrServiceTd ?? new Uint8Array())}`,
    )
  checks.leave('MRTD, RTMRs, attributes: no policy was given')
}

/** What holds of an enclave whoever asks. */
export function inspectSgx(checks: Checks<AppraisalFailure>, claims: SgxClaims): void {
  inspectCommon(checks, claims, claims.debug)
  checks.leave('MRENCLAVE, MRSIGNER: no policy was given')
}

function inspectCommon(checks: Checks<AppraisalFailure>, claims: DcapFacts, debug: boolean): void {
  const want = wantOf(checks)
  want(!debug, 'DEBUG_NOT_ACCEPTED', 'debug', {
    rule: 'the guest must not let its host debug it',
    wanted: 'false',
    given: 'true',
  })
  inspectTcb(checks, claims.tcb)
  checkEnd(want, claims)
  if (claims.padding > 0) checks.leave(`${claims.padding} zero bytes behind the quote: padding`)
}

/** Whether a TCB has a status that is accepted without a policy: for formats that have a quote inside, too. */
export function inspectTcb(checks: Checks<AppraisalFailure>, tcb: TcbStanding): void {
  checkTcb(wantOf(checks), tcb, USUAL_STATUSES)
}

function checkTcb(want: Want, tcb: TcbStanding, accepted: readonly AcceptableStatus[]): void {
  want(
    accepted.some((status) => status === tcb.status),
    'TCB_STATUS_NOT_ACCEPTED',
    'tcb.statuses',
    {
      rule: 'the TCB must have a status that is accepted',
      wanted: accepted.join(' or '),
      given: standingText(tcb),
    },
  )
}

function checkEvaluation(want: Want, { evaluationDataNumber }: TcbStanding, least: number): void {
  want(evaluationDataNumber >= least, 'TCB_EVALUATION_TOO_OLD', 'tcb.min_evaluation', {
    rule: 'TCB info and identity must be of as late an evaluation as the policy wants',
    wanted: `at least ${least}`,
    given: `${evaluationDataNumber}`,
  })
}

function checkEnd(want: Want, { trailing }: DcapFacts): void {
  want(trailing === 0, 'EVIDENCE_TRAILING', 'trailing', {
    rule: 'nothing but zeros may be behind the quote',
    wanted: 'zeros, or nothing',
    given: `${trailing} bytes`,
  })
}
