import { rootsTemplate } from '../../core/policy/frame.js'
import { DCAP_ANCHORS } from './anchors.js'

// What a policy pins of guests and enclaves under Intel's root, as YAML to be filled in.

const TCB = `    # Statuses of the TCB that will do, as Intel gives them; an evaluation number below which Intel's documents are too old
    # (tcbEvaluationDataNumber). Zero accepts every one that is in force: raise it.
    tcb: { statuses: [UpToDate, SWHardeningNeeded], min_evaluation: 0 }
`

/** What the registers of a guest measure. */
const GUEST = `    # The images that will do, each with its four registers, 48 bytes in hexadecimal: firmware (MRTD), its configuration (RTMR0),
    # kernel (RTMR1), command line and initial disk (RTMR2). Leave none out: whoever is root in a guest writes REPORT_DATA as
    # they like.`
/** What they measure where a layer below the guest has them. */
export const LAYER_TEMPLATE = `    # The layers below the guest that will do, each with its four registers, 48 bytes in hexadecimal. What the guest boots, the
    # PCRs below say.`

export const tdxTemplate = (kind: string): string => guestTemplate(rootsTemplate(DCAP_ANCHORS, kind), GUEST)

export function guestTemplate(roots: string, registers: string): string {
  return `${roots}
${registers}
    measurements:
      - mrtd: <mrtd>
        rtmr0: <rtmr0>
        rtmr1: <rtmr1>
        rtmr2: <rtmr2>
    # What the guest's attributes may have set. debug: true lets the host read the guest's memory; sept_ve: true lets it inject
    # exceptions by taking pages away.
    td_attributes: { debug: false, migratable: false, perfmon: false, sept_ve: false }
${TCB}`
}

export function sgxTemplate(kind: string): string {
  return `${rootsTemplate(DCAP_ANCHORS, kind)}
    # The enclaves that will do: by MRENCLAVE, 32 bytes in hexadecimal, or by who signed them, or both.
    #   signers: [{ mrsigner: <mrsigner>, isv_prod_id: 1, isv_svn: 1 }]
    # accepts what that signer ever signs as that product, from that SVN up.
    enclaves:
      mrenclaves:
        - <mrenclave>
    # debug: true lets the host read the enclave's memory.
    attributes: { debug: false }
${TCB}`
}
