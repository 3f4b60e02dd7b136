import { type Checks, toHex } from '@vouch/protocol'
import type { AppraisalFailure } from '../../core/checks.js'
import { has, type Want, wantOf, wantRoot } from '../../core/want.js'
import { tcbText } from './generation.js'
import type { SnpPins } from './pins.js'
import type { SnpFacts, Tcb } from './types.js'

/** Compares claims with pins, all of them: a person who is refused sees everything that is in the way. */
export function appraiseSnp(
  checks: Checks<AppraisalFailure>,
  claims: SnpFacts,
  pins: Omit<SnpPins, 'boot'>,
): void {
  const { root, endorsement, measurement, vmpl, guestPolicy } = claims
  const want = wantOf(checks)

  wantRoot(want, pins.roots, root)
  want(pins.endorsements.includes(endorsement), 'ENDORSEMENT_NOT_ACCEPTED', 'endorsements', {
    rule: 'the report must be signed by a type of key that the policy names',
    wanted: pins.endorsements.join(' or '),
    given: endorsement,
  })
  want(has(pins.measurements, measurement), 'MEASUREMENT_NOT_ACCEPTED', 'measurements', {
    rule: 'MEASUREMENT must be one that the policy names',
    wanted: pins.measurements.map(toHex).join(' or '),
    given: toHex(measurement),
  })
  want(pins.vmpl.includes(vmpl), 'VMPL_NOT_ACCEPTED', 'vmpl', {
    rule: 'the report must be made at a VMPL that the policy names',
    wanted: pins.vmpl.join(' or '),
    given: String(vmpl),
  })
  for (const name of ['debug', 'migration', 'smt'] as const) {
    const code = name === 'debug' ? 'DEBUG_NOT_ACCEPTED' : 'GUEST_POLICY_NOT_ACCEPTED'
    want(!guestPolicy[name] || pins.guestPolicy[name], code, `guest_policy.${name}`, {
      rule: `the guest’s policy must allow no ${name} unless the admission policy does`,
      wanted: 'false',
      given: String(guestPolicy[name]),
    })
  }
  checkTcb(claims, pins, want)
}

/** What holds of a guest whoever asks: that its host cannot look into it. */
export function inspectSnp(checks: Checks<AppraisalFailure>, { guestPolicy }: SnpFacts): void {
  checks.note(!guestPolicy.debug, {
    code: 'DEBUG_NOT_ACCEPTED',
    rule: 'the guest must not let its host debug it',
    field: 'guest_policy.debug',
    wanted: 'false',
    given: 'true',
  })
  checks.leave('measurement, TCB, VMPL: no policy was given')
}

function checkTcb({ root: { generation }, tcb }: SnpFacts, pins: Pick<SnpPins, 'tcb'>, want: Want): void {
  const floor = pins.tcb[generation]
  if (floor === undefined) {
    want(false, 'GENERATION_NOT_ACCEPTED', 'tcb', {
      rule: 'the policy must know a lowest TCB for the processor’s generation',
      wanted: Object.keys(pins.tcb).join(' or '),
      given: generation,
    })
    return
  }
  const below = (Object.keys(floor) as (keyof Tcb)[]).filter((part) => (tcb[part] ?? 0) < (floor[part] ?? 0))
  want(below.length === 0, 'TCB_TOO_LOW', `tcb.${generation}`, {
    rule: 'every part of the TCB must be as high as the policy wants',
    wanted: `at least ${tcbText(floor)}`,
    given: tcbText(tcb),
  })
}
