import { type Failure, inForceAt, type Request } from '@vouch/protocol'
import type { Holding } from './witness.js'

/** The failure of a rule that does not hold; nothing where it does. */
export const unless = (holds: boolean, failure: Failure): readonly Failure[] => (holds ? [] : [failure])

/** What the circuit would refuse of a credential, said in words. */
export const unprovable = (
  request: Request,
  { policyId, expiresAt }: Pick<Holding, 'policyId' | 'expiresAt'>,
): readonly Failure[] => [
  ...unless(request.policies.includes(policyId), {
    code: 'POLICY_NOT_ACCEPTED',
    rule: 'the Request must accept the policy that admitted the credential',
  }),
  ...unless(expiresAt >= inForceAt(request), {
    code: 'CREDENTIAL_EXPIRED',
    rule: 'the credential must be in force',
    hint: 'renew it',
  }),
]
