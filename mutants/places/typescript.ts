import ts from 'typescript'
import type { Change } from '../mutant.js'
import { BORDERS, LITERALS, withoutOne } from './operators.js'

// Conditions, guards and refusals of TypeScript. Types are not looked at: an expression counts as a condition where the syntax says so.

const { SyntaxKind } = ts

/** Every condition, guard and thrown failure of a source, removed or weakened. */
export function typescriptChanges(source: string): readonly Change[] {
  const file = ts.createSourceFile('mutant.ts', source, ts.ScriptTarget.ES2023, true)
  const changes: Change[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node)) return
    changes.push(...changesAt(node, file))
    ts.forEachChild(node, visit)
  }
  visit(file)
  return changes
}

function changesAt(node: ts.Node, file: ts.SourceFile): readonly Change[] {
  if (isCondition(node)) return [...truths(node, file), ...within(node, file)]
  if (ts.isThrowStatement(node) || isGuardCall(node) || ts.isForOfStatement(node)) {
    return [{ operator: 'remove', ...spanOf(node, file), text: ';', shown: '' }]
  }
  return within(node, file)
}

/** Changes inside an expression. */
function within(node: ts.Node, file: ts.SourceFile): readonly Change[] {
  const span = spanOf(node, file)
  if (ts.isBinaryExpression(node)) return binaryChanges(node, file)
  if (ts.isPrefixUnaryExpression(node) && node.operator === SyntaxKind.ExclamationToken) {
    return [{ operator: 'not', ...span, text: node.operand.getText(file) }]
  }
  const literal = LITERALS[node.getText(file)]
  if (
    literal !== undefined &&
    (node.kind === SyntaxKind.TrueKeyword || node.kind === SyntaxKind.FalseKeyword)
  ) {
    return [{ operator: 'literal', ...span, text: literal }]
  }
  return []
}

function binaryChanges(node: ts.BinaryExpression, file: ts.SourceFile): readonly Change[] {
  const [left, right] = [node.left.getText(file), node.right.getText(file)]
  const sign = node.operatorToken
  const span = spanOf(node, file)
  const operands = (operator: string): readonly Change[] => [
    { operator, ...span, text: left },
    { operator, ...span, text: right },
  ]
  switch (sign.kind) {
    case SyntaxKind.AmpersandAmpersandToken:
    case SyntaxKind.BarBarToken: {
      const operator = sign.getText(file)
      const isInner = ts.isBinaryExpression(node.parent) && node.parent.operatorToken.kind === sign.kind
      const operands = clausesOf(node, sign.kind).map((clause) => clause.getText(file))
      return isInner ? [] : withoutOne(operands, operator, span)
    }
    case SyntaxKind.QuestionQuestionToken:
      return operands('operand')
    case SyntaxKind.PlusToken:
    case SyntaxKind.MinusToken:
    case SyntaxKind.AsteriskToken:
    case SyntaxKind.PercentToken:
      return isText(node.left) || isText(node.right) || isShown(node) ? [] : operands('term')
  }
  const border = BORDERS[sign.getText(file)]
  return border === undefined ? [] : [{ operator: 'border', ...spanOf(sign, file), text: border }]
}

/** The operands of `a && b && c`, which stand in pairs of pairs. */
function clausesOf(node: ts.Expression, sign: ts.SyntaxKind): readonly ts.Expression[] {
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== sign) return [node]
  return [node.left, node.right].flatMap((child) => clausesOf(child, sign))
}

function truths(node: ts.Expression, file: ts.SourceFile): readonly Change[] {
  const span = spanOf(node, file)
  return Object.keys(LITERALS)
    .filter((text) => text !== node.getText(file))
    .map((text) => ({ operator: 'condition', ...span, text }))
}

const COMPARES = new Set([
  SyntaxKind.EqualsEqualsEqualsToken,
  SyntaxKind.ExclamationEqualsEqualsToken,
  SyntaxKind.LessThanToken,
  SyntaxKind.LessThanEqualsToken,
  SyntaxKind.GreaterThanToken,
  SyntaxKind.GreaterThanEqualsToken,
])

/**
 * A whole boolean expression: the condition of `if`, `while` or `?:`, a comparison, or the first argument of `require`. An operand of
 * `&&`, `||` or `!` belongs to the expression around it: a constant in its place equals another mutant.
 */
function isCondition(node: ts.Node): node is ts.Expression {
  if (!ts.isExpression(node)) return false
  const parent = aroundParentheses(node)
  if (isLogical(parent) || ts.isPrefixUnaryExpression(parent) || ts.isParenthesizedExpression(node))
    return false
  if (ts.isBinaryExpression(node) && COMPARES.has(node.operatorToken.kind)) return true
  if (ts.isIfStatement(parent) || ts.isWhileStatement(parent)) return isWithin(node, parent.expression)
  if (ts.isConditionalExpression(parent)) return isWithin(node, parent.condition)
  return isFirstOfRequire(node, parent) || isAnswerOfPredicate(node, parent)
}

const isWithin = (node: ts.Node, whole: ts.Node): boolean => whole.pos <= node.pos && node.end <= whole.end

function aroundParentheses({ parent }: ts.Node): ts.Node {
  return ts.isParenthesizedExpression(parent) ? aroundParentheses(parent) : parent
}

const isLogical = (node: ts.Node): boolean =>
  ts.isBinaryExpression(node) &&
  (node.operatorToken.kind === SyntaxKind.AmpersandAmpersandToken ||
    node.operatorToken.kind === SyntaxKind.BarBarToken)

function isFirstOfRequire(node: ts.Node, parent: ts.Node): boolean {
  return (
    ts.isCallExpression(parent) &&
    ts.isPropertyAccessExpression(parent.expression) &&
    parent.expression.name.text === 'require' &&
    parent.arguments[0] === node
  )
}

const PREDICATES = new Set(['some', 'every', 'filter', 'find'])

/** The answer of an arrow function to `some`, `every`, `filter` or `find`. */
function isAnswerOfPredicate(node: ts.Node, parent: ts.Node): boolean {
  return (
    ts.isArrowFunction(parent) &&
    parent.body === node &&
    ts.isCallExpression(parent.parent) &&
    ts.isPropertyAccessExpression(parent.parent.expression) &&
    PREDICATES.has(parent.parent.expression.name.text)
  )
}

/** A call for its effect alone: it checks, or it notes something. */
function isGuardCall(node: ts.Node): boolean {
  if (!ts.isExpressionStatement(node)) return false
  const { expression } = node
  return ts.isCallExpression(ts.isAwaitExpression(expression) ? expression.expression : expression)
}

/** Whether a number goes into a message only. */
function isShown({ parent }: ts.Node): boolean {
  return ts.isTemplateSpan(parent) || (ts.isBinaryExpression(parent) && isShown(parent))
}

const isText = (node: ts.Node): boolean => ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)

const spanOf = (node: ts.Node, file: ts.SourceFile): { readonly start: number; readonly end: number } => ({
  start: node.getStart(file),
  end: node.getEnd(),
})
