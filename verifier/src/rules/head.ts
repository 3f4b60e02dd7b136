import { equalBytes, isHeadSigned, toHex } from '@vouch/protocol'
import { rule } from './rule.js'

/** Is the head genuine, of the registry that is meant, said by the signer that is believed, lately? */
export const HEAD = {
  /** That much can be judged without knowing whom Bob believes. */
  signed: rule(
    'head',
    'HEAD_SIGNATURE_FALSE',
    ['head'],
    ({ head }) => isHeadSigned(head),
    ({ head }) => ({
      rule: "the head's signature must hold under the signer it names",
      given: toHex(head.signer),
      hint: 'the head was altered: get it again from the registry',
    }),
  ),
  signer: rule(
    'head',
    'SIGNER_NOT_ACCEPTED',
    ['head', 'registry'],
    ({ head, registry }) => equalBytes(head.signer, registry.signer),
    ({ head }) => ({
      rule: "the head must be signed by the acceptance policy's signer",
      given: toHex(head.signer),
    }),
  ),
  registry: rule(
    'head',
    'REGISTRY_NOT_ACCEPTED',
    ['head', 'registry'],
    ({ head, registry }) => equalBytes(head.registryId, registry.id),
    ({ head }) => ({
      rule: "the head must be of the acceptance policy's registry",
      given: toHex(head.registryId),
    }),
  ),
  age: rule(
    'head',
    'HEAD_TOO_OLD',
    ['head', 'ages', 'now'],
    ({ head, ages, now }) => head.time >= now - ages.headAge,
    ({ head, ages, now }) => ({
      rule: `the head must be at most ${ages.headAge} s old`,
      given: `${now - head.time} s`,
      hint: 'an old head may hide a removal: sync the registry',
    }),
  ),
  ahead: rule(
    'head',
    'HEAD_FROM_FUTURE',
    ['head', 'ages', 'now'],
    ({ head, ages, now }) => head.time <= now + ages.clockSkew,
    ({ head, ages, now }) => ({
      rule: `the head may be at most ${ages.clockSkew} s ahead of the clock`,
      given: `${head.time - now} s`,
    }),
  ),
}
