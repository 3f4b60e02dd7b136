import { type Failure, inForceAt, type Request } from '@vouch/protocol'
import type { Holding } from './witness.js'

/** What the circuit would refuse of a credential, said in words. */
export function unprovable(
  request: Request,
  { policyId, expiresAt }: Pick<Holding, 'policyId' | 'expiresAt'>,
): readonly Failure[] {
  const failures: Failure[] = []
  if (!request.policies.includes(policyId)) {
    failures.push({
      code: 'POLICY_NOT_ACCEPTED',
      rule: 'the Request must accept the policy that admitted the credential',
    })
  }
  if (expiresAt < inForceAt(request)) {
    failures.push({
      code: 'CREDENTIAL_EXPIRED',
      rule: 'the credential must be in force',
      hint: 'renew it',
    })
  }
  return failures
}
