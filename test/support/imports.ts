import ts from 'typescript'

/** Every module that a source file names: static, type-only, re-exported, lazy, inline in a type, or required. */
export function importsOf(text: string): readonly string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    const target = importTarget(node)
    if (target !== undefined) found.push(literal(target))
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('source.ts', text, ts.ScriptTarget.ES2023, false))
  return found
}

function importTarget(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isExternalModuleReference(node)) return node.expression
  if (ts.isImportTypeNode(node)) return node.argument
  if (ts.isCallExpression(node) && isImporter(node.expression)) return node.arguments[0]
  return undefined
}

function isImporter(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')
}

/** A computed name would escape every rule, so it is refused instead of passed over. */
function literal(target: ts.Node): string {
  const inner = ts.isLiteralTypeNode(target) ? target.literal : target
  if (!ts.isStringLiteralLike(inner)) throw new Error('import of a computed name cannot be checked')
  return inner.text
}
