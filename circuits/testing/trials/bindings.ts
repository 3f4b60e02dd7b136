import type { Inputs } from '../../src/witness.js'
import { type Choices, choicesOf, keyLimbs, type Limbs, mixed, respondFrom } from './scene.js'
import { RULES, respond, type Trial } from './trial.js'

// Each value that two statements share, changed for the one and kept for the other; each limb of it alone.

const IN_REGISTRY = [['registry_root'], ['admission', 'registry_path']]
const AMONG_POLICIES = [['policies_root'], ['admission', 'policies_path']]
const AMONG_SERVICES = [['services_root'], ['service', 'services_path']]
const IN_TREE = [['credential', 'smt_root'], ['service', 'tree_path'], ...IN_REGISTRY]

const plusOne = ([hi, lo]: Limbs, limb: number): Limbs => (limb === 0 ? [hi + 1n, lo] : [hi, lo + 1n])

export function bindingTrials(): readonly Trial[] {
  const choices = choicesOf(3)
  const other = choicesOf(4)
  const honest = respondFrom(choices)
  const { holderSecret, scope, policyId, expiresAt, instance, publicKey } = choices
  const changed = (change: Partial<Choices>, kept: readonly (readonly string[])[] = []): Inputs =>
    mixed(respondFrom({ ...choices, ...change }), honest, kept)
  const secret = { holderSecret: holderSecret + 1n }
  const policy = { policyId: policyId + 1n }
  return [
    ...limbTrials(choices, changed),
    respond(
      'another instance than in the service tree',
      changed({ instance: instance + 1n }, IN_TREE),
      RULES.notInTree,
    ),
    respond('another public key than signed', changed({ publicKey: other.publicKey }), RULES.notSigned),
    respond(
      'the other key with the same x than signed',
      changed({ publicKey: { ...publicKey, y: other.publicKey.y } }),
      RULES.notSigned,
    ),
    respond(
      'a signer who is not in the service tree',
      changed({ publicKey: other.publicKey, digest: other.digest, signature: other.signature }, IN_TREE),
      RULES.notAtTheEnd,
    ),
    respond(
      'another holder secret than in the nullifier',
      changed(secret, [['nullifier']]),
      RULES.notTheNullifier,
    ),
    respond('another holder secret than in the credential', changed(secret, IN_REGISTRY), RULES.notAChild),
    respond('another scope', changed({ scope: scope + 1n }, [['nullifier']]), RULES.notTheNullifier),
    respond(
      'a service tree that the credential does not hide',
      changed({ tree: other.tree }, IN_REGISTRY),
      RULES.notAChild,
    ),
    respond('a root in the credential that is of no service tree', changed({ smtRoot: 1n }), RULES.notInTree),
    respond('another policy than in the registry', changed(policy, IN_REGISTRY), RULES.notAChild),
    respond('another policy than among the accepted', changed(policy, AMONG_POLICIES), RULES.notAChild),
    respond(
      'another expiry than in the registry',
      changed({ expiresAt: expiresAt + 1n }, IN_REGISTRY),
      RULES.notAChild,
    ),
  ]
}

function limbTrials(
  choices: Choices,
  changed: (change: Partial<Choices>, kept?: readonly (readonly string[])[]) => Inputs,
): readonly Trial[] {
  const { drv, digest, publicKey } = choices
  const inTwo = ['high', 'low'].flatMap((limb, i) => [
    respond(
      `another ${limb} limb of drv than in the service tree`,
      changed({ drv: plusOne(drv, i) }, IN_TREE),
      RULES.notInTree,
    ),
    respond(
      `another ${limb} limb of drv than among the accepted`,
      changed({ drv: plusOne(drv, i) }, AMONG_SERVICES),
      RULES.notAChild,
    ),
    respond(
      `another ${limb} limb of the digest than signed`,
      changed({ digest: plusOne(digest, i) }),
      RULES.notSigned,
    ),
  ])
  const ofKey = ['x, high', 'x, low', 'y, high', 'y, low'].map((limb, i) => {
    const valueLimbs = keyLimbs(publicKey).map((value, at) => (at === i ? value + 1n : value))
    return respond(
      `another limb of the key in the service tree: ${limb}`,
      changed({ valueLimbs }),
      RULES.notAtTheEnd,
    )
  })
  return [...inTwo, ...ofKey]
}
