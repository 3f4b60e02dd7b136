import { SERVICE_TREE_DEPTH } from '@vouch/protocol'
import type { Inputs } from '../../src/witness.js'
import {
  type Choices,
  choicesOf,
  hex,
  mixed,
  nodeAt,
  respondFrom,
  type Side,
  type Step,
  sideOf,
  withValue,
} from './scene.js'
import { RULES, respond, type Trial } from './trial.js'

// Left and right of every level of every tree. A prover lies in one of three ways: the value is not a child of the level although all
// above is made of that level; the whole path leads to another root; one node is not what its parent hashes.

type Tree = 'registry' | 'policies' | 'services'

const ROOT_RULES: Readonly<Record<Tree, string>> = {
  registry: RULES.notInRegistry,
  policies: RULES.policyNotAccepted,
  services: RULES.serviceNotAccepted,
}
const PATHS: Readonly<Record<Tree, readonly string[]>> = {
  registry: ['admission', 'registry_path'],
  policies: ['admission', 'policies_path'],
  services: ['service', 'services_path'],
}
const SIDES: readonly Side[] = ['left', 'right']
const INVENTED = 0x5eedn

const otherSide = (side: Side): Side => (side === 'left' ? 'right' : 'left')

const candidates: Choices[] = []

/** The first choices that fulfil a condition. Each pair of children takes a hash, so they are drawn once. */
function choicesWhere(holds: (choices: Choices) => boolean): Choices {
  for (let i = 0; ; i++) {
    const choices = candidates[i] ?? choicesOf(i + 1)
    candidates[i] = choices
    if (holds(choices)) return choices
  }
}

export function fixedTreeTrials(): readonly Trial[] {
  return (['registry', 'policies', 'services'] as const).flatMap((tree) =>
    choicesOf(1)[tree].flatMap((_, level) => SIDES.flatMap((side) => fixedLevel(tree, level, side))),
  )
}

/** A level of a tree of fixed depth, with the value from below on the given side. */
function fixedLevel(tree: Tree, level: number, side: Side): readonly Trial[] {
  const choices = choicesWhere((candidate) => candidate[tree][level]?.side === side)
  const honest = respondFrom(choices)
  const changed = (change: Partial<Step>): Inputs =>
    respondFrom({
      ...choices,
      [tree]: choices[tree].map((step, i) => (i === level ? { ...step, ...change } : step)),
    })
  const other = otherSide(side)
  const place = [...PATHS[tree], level, other]
  const isLast = level === choices[tree].length - 1
  const name = `${tree} ${level}`
  return [
    respond(
      `${name}: the ${side} child is not the value, all above is made of it`,
      changed({ instead: INVENTED }),
      RULES.notAChild,
    ),
    respond(
      `${name}: another ${other} child, all above is made of it`,
      mixed(changed({ sibling: INVENTED }), honest, [[`${tree}_root`]]),
      ROOT_RULES[tree],
    ),
    respond(
      `${name}: another ${other} child alone`,
      withValue(honest, place, hex(INVENTED)),
      isLast ? ROOT_RULES[tree] : RULES.notAChild,
    ),
  ]
}

export function serviceTreeTrials(): readonly Trial[] {
  return Array.from({ length: SERVICE_TREE_DEPTH }, (_, level) => [
    ...SIDES.flatMap((side) => serviceTreeLevel(level, side)),
    ...leafAtDepth(level),
  ]).flat()
}

/** A level of the service tree, where the key goes to the given side; the leaf lies at the deepest. */
function serviceTreeLevel(level: number, side: Side): readonly Trial[] {
  const choices = choicesWhere((candidate) => sideOf(candidate, level) === side)
  const honest = respondFrom(choices)
  const changed = (change: Partial<Step>): Inputs =>
    respondFrom({
      ...choices,
      tree: choices.tree.map((step, i) => (i === level ? { ...step, ...change } : step)),
    })
  const other = otherSide(side)
  const exchanged = { instead: choices.tree[level]?.sibling ?? 0n, sibling: nodeAt(honest, level, side) }
  const name = `service tree ${level}`
  const below = level === SERVICE_TREE_DEPTH - 1 ? RULES.notAtTheEnd : RULES.notInTree
  return [
    respond(
      `${name}: the ${side} child is made of nothing below, all above is made of it`,
      changed({ instead: INVENTED }),
      below,
    ),
    respond(
      `${name}: another ${other} child alone`,
      withValue(honest, ['service', 'tree_path', level, other], hex(INVENTED)),
      RULES.notInTree,
    ),
    respond(`${name}: the path goes on to the ${other}, the key says ${side}`, changed(exchanged), below),
  ]
}

/** A leaf above the deepest level. The levels below it must lead to it and prove nothing themselves. */
function leafAtDepth(depth: number): readonly Trial[] {
  const choices = choicesOf(2, { depth })
  const honest = respondFrom(choices)
  const foreign = choices.tree.map((step, i) => (i === depth - 1 ? { ...step, instead: INVENTED } : step))
  const misplaced = respondFrom(
    depth === 0 ? { ...choices, smtRoot: INVENTED } : { ...choices, tree: foreign },
  )
  const away = withValue(honest, ['service', 'tree_path', depth, sideOf(choices, depth)], hex(INVENTED))
  const name = `service tree, a leaf ${depth} levels deep`
  return [
    respond(`${name}: is accepted`, honest),
    respond(`${name}: stands only below another node`, misplaced, RULES.notInTree),
    respond(
      `${name}: the path leads away from it`,
      away,
      depth === SERVICE_TREE_DEPTH - 1 ? RULES.notAtTheEnd : RULES.notInTree,
    ),
  ]
}
