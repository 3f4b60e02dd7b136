import { createRequire } from 'node:module'
import type { Change } from '../mutant.js'
import { BORDERS, LITERALS, withoutOne } from './operators.js'

// Conditions, reverts and guard calls of Solidity, found in the syntax tree of solc. Events, assignments and assembly stay as they are.

interface Node {
  readonly nodeType: string
  /** `start:length:file`, in bytes. */
  readonly src: string
  readonly operator?: string
  readonly [member: string]: unknown
}

const { compile } = createRequire(import.meta.url)('solc') as { compile(input: string): string }

/** Every condition, revert, guard call, counter and deletion of a source, removed or weakened. */
export function solidityChanges(source: string): readonly Change[] {
  const bytes = Buffer.from(source)
  const at = (offset: number): number => bytes.subarray(0, offset).toString().length
  const spanOf = ({ src }: Node): Span => {
    const [start = 0, length = 0] = src.split(':').map(Number)
    return { start: at(start), end: at(start + length) }
  }
  return walk(parse(source), []).flatMap(([node, parents]) => changesAt(node, parents, source, spanOf))
}

interface Span {
  readonly start: number
  readonly end: number
}

/** Only parses, so that imports need not be there. */
function parse(source: string): Node {
  const input = {
    language: 'Solidity',
    sources: { source: { content: source } },
    settings: { stopAfter: 'parsing', outputSelection: { '*': { '': ['ast'] } } },
  }
  const { sources, errors = [] } = JSON.parse(compile(JSON.stringify(input)))
  if (sources?.source?.ast === undefined)
    throw new Error(errors[0]?.formattedMessage ?? 'solc parsed nothing')
  return sources.source.ast
}

type Found = readonly [node: Node, parents: readonly Node[]]

function walk(node: Node, parents: readonly Node[]): readonly Found[] {
  const children = Object.values(node).flatMap((member) => (Array.isArray(member) ? member : [member]))
  const inner = children.filter(
    (child): child is Node => typeof child?.nodeType === 'string' && child.src !== undefined,
  )
  return [[node, parents], ...inner.flatMap((child) => walk(child, [node, ...parents]))]
}

function changesAt(
  node: Node,
  parents: readonly Node[],
  source: string,
  spanOf: (node: Node) => Span,
): readonly Change[] {
  const textOf = (child: unknown): string =>
    source.slice(spanOf(child as Node).start, spanOf(child as Node).end)
  const span = spanOf(node)
  const truths = isCondition(node, parents) ? truthsOf(parents[0], textOf(node), span) : []
  return [...truths, ...own()]

  function own(): readonly Change[] {
    switch (node.nodeType) {
      case 'RevertStatement':
        return parents.slice(0, 2).some(isGuard) ? [] : [removal(span, source)]
      case 'ExpressionStatement':
        return isDone(node.expression as Node) && parents[0]?.nodeType !== 'ForStatement'
          ? [removal(span, source)]
          : []
      case 'ForStatement':
        return lastRound(node.condition as Node, textOf, spanOf)
      case 'UnaryOperation':
        return node.operator === '!' ? [{ operator: 'not', ...span, text: textOf(node.subExpression) }] : []
      case 'BinaryOperation':
        return binaryChanges(node, parents, textOf, span)
      case 'Literal': {
        const literal = LITERALS[textOf(node)]
        return literal === undefined ? [] : [{ operator: 'literal', ...span, text: literal }]
      }
    }
    return []
  }
}

/** A call for its effect, a count or a deletion. Assignments are no conditions. */
const isDone = ({ nodeType }: Node): boolean => nodeType === 'FunctionCall' || nodeType === 'UnaryOperation'

/** An empty block takes the place of a statement: Solidity has no empty statement. */
function removal({ start, end }: Span, source: string): Change {
  return { operator: 'remove', start, end: source[end] === ';' ? end + 1 : end, text: '{}', shown: '' }
}

function binaryChanges(
  node: Node,
  parents: readonly Node[],
  textOf: (node: unknown) => string,
  { start, end }: Span,
): readonly Change[] {
  const { operator = '' } = node
  if (LOGICAL.has(operator)) {
    return parents[0]?.operator === operator
      ? []
      : withoutOne(clausesOf(node, operator).map(textOf), operator, { start, end })
  }
  const [left, right] = [textOf(node.leftExpression), textOf(node.rightExpression)]
  const border = BORDERS[operator]
  const isLoop = parents[0]?.condition === node && parents[0].nodeType === 'ForStatement'
  if (border !== undefined && !isLoop)
    return [{ operator: 'border', start, end, text: `${left} ${border} ${right}` }]
  const isCompared = parents.some(isComparison)
  return isCompared && TERMS.has(operator) ? [{ operator: 'term', start, end, text: left }] : []
}

/** The operands of `a && b && c`, which stand in pairs of pairs. */
function clausesOf(node: Node, operator: string): readonly Node[] {
  if (node.operator !== operator) return [node]
  return [node.leftExpression, node.rightExpression].flatMap((child) => clausesOf(child as Node, operator))
}

function lastRound(
  condition: Node | undefined,
  textOf: (node: unknown) => string,
  spanOf: (node: Node) => Span,
): readonly Change[] {
  if (condition?.nodeType !== 'BinaryOperation') return []
  const [left, right] = [textOf(condition.leftExpression), textOf(condition.rightExpression)]
  return [
    {
      operator: 'a round less at the end',
      ...spanOf(condition),
      text: `${left} + 1 ${condition.operator} ${right}`,
    },
  ]
}

const LOGICAL = new Set(['&&', '||'])
const TERMS = new Set(['+', '-', '*', '%'])
const COMPARES = new Set(['<', '<=', '>', '>=', '==', '!='])

const isComparison = ({ nodeType, operator = '' }: Node): boolean =>
  nodeType === 'BinaryOperation' && COMPARES.has(operator)

/** A whole boolean expression. An operand of `&&`, `||` or `!` belongs to the expression around it. */
function isCondition(node: Node, [parent]: readonly Node[]): boolean {
  if (parent === undefined || parent.operator === '!' || LOGICAL.has(parent.operator ?? '')) return false
  if (parent.nodeType === 'TupleExpression' || parent.nodeType === 'ForStatement') return false
  if (parent.condition === node) return true
  return node.nodeType === 'BinaryOperation' && (isComparison(node) || LOGICAL.has(node.operator ?? ''))
}

/** `if (condition) revert`, with or without braces. */
function isGuard({ nodeType, trueBody }: Node): boolean {
  if (nodeType !== 'IfStatement') return false
  const { nodeType: kind, statements } = trueBody as Node
  return (
    kind === 'RevertStatement' ||
    (kind === 'Block' && (statements as Node[])[0]?.nodeType === 'RevertStatement')
  )
}

/** Leaves out a guard that always reverts, which every test notices, and a `while` that never ends. */
function truthsOf(parent: Node | undefined, own: string, span: Span): readonly Change[] {
  const isOneWay = parent !== undefined && (isGuard(parent) || parent.nodeType === 'WhileStatement')
  const texts = isOneWay ? ['false'] : Object.keys(LITERALS)
  return texts.filter((text) => text !== own).map((text) => ({ operator: 'condition', ...span, text }))
}
