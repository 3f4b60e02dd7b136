import ts from 'typescript'
import { readInRepository, readManifest, workspaces } from './repository.js'

/** Every way into a package that others may take, with the file behind it. Support for tests is none of them. */
export function publicEntries(): readonly { readonly entry: string; readonly file: string }[] {
  return workspaces().flatMap((folder) => {
    const { name, exports = {} } = readManifest(folder)
    return Object.entries(exports).flatMap(([path, { 'vouch:source': source }]) =>
      source === undefined || path.startsWith('./testing')
        ? []
        : [{ entry: `${name}${path.slice(1)}`, file: `${folder}/${source.slice(2)}` }],
    )
  })
}

/** Every name that a file exports, types among them. */
export function publicNames(file: string): readonly string[] {
  const source = ts.createSourceFile(file, readInRepository(file), ts.ScriptTarget.ES2023, false)
  return source.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const clause = statement.exportClause
      if (clause === undefined || !ts.isNamedExports(clause)) throw new Error(`${file} exports without names`)
      return clause.elements.map(({ name }) => name.text)
    }
    return isExported(statement) ? namesOf(statement) : []
  })
}

/** Every name that a file exports and declares itself. */
export function declaredNames(file: string): readonly string[] {
  const source = ts.createSourceFile(file, readInRepository(file), ts.ScriptTarget.ES2023, false)
  const names = source.statements.filter(isExported).flatMap(namesOf)
  return [...new Set(names)] // overloads of one function
}

const isExported = (statement: ts.Statement): boolean =>
  ts.canHaveModifiers(statement) &&
  (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)

function namesOf(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) =>
      ts.isIdentifier(name) ? [name.text] : [],
    )
  const { name } = statement as ts.Statement & { readonly name?: ts.Identifier }
  return name === undefined ? [] : [name.text]
}
