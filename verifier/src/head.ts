import { type AcceptancePolicy, equalBytes, type Head, isHeadSigned, toHex } from '@vouch/protocol'
import type { Checklist } from './verdict.js'

/** Is this head what its signer said? That much can be judged without knowing whom Bob believes. */
export function checkHeadSignature(checks: Checklist, head: Head): void {
  checks.require(isHeadSigned(head), 'HEAD_SIGNATURE_FALSE', {
    rule: "the head's signature must hold under the signer it names",
    given: toHex(head.signer),
    hint: 'the head was altered: get it again from the registry',
  })
}

/** Is this the registry Bob means, said by whom he believes, lately? */
export function checkHead(checks: Checklist, head: Head, acceptance: AcceptancePolicy, now: number): void {
  const { registry, headAge, clockSkew } = acceptance
  checks.require(equalBytes(head.signer, registry.signer), 'SIGNER_NOT_ACCEPTED', {
    rule: "the head must be signed by the acceptance policy's signer",
    given: toHex(head.signer),
  })
  checks.require(equalBytes(head.registryId, registry.id), 'REGISTRY_NOT_ACCEPTED', {
    rule: "the head must be of the acceptance policy's registry",
    given: toHex(head.registryId),
  })
  checks.require(head.time >= now - headAge, 'HEAD_TOO_OLD', {
    rule: `the head must be at most ${headAge} s old`,
    given: `${now - head.time} s`,
    hint: 'an old head may hide a removal: sync the registry',
  })
  checks.require(head.time <= now + clockSkew, 'HEAD_FROM_FUTURE', {
    rule: `the head may be at most ${clockSkew} s ahead of the clock`,
    given: `${head.time - now} s`,
  })
}
