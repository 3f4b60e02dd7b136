import ts from 'typescript'
import { pathInRepository } from './repository.js'

/** TypeScript outside the project, under the project's own strictness, with its packages as their sources. */
export function programOf(files: readonly string[]): ts.Program {
  const { config } = ts.readConfigFile(pathInRepository('tsconfig.tests.json'), ts.sys.readFile)
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, pathInRepository('.'))
  const declared = fileNames.filter((name) => name.endsWith('.d.ts'))
  return ts.createProgram([...files, ...declared], {
    ...options,
    typeRoots: [pathInRepository('node_modules/@types')],
  })
}

/** Every function of the modules that a file exports by name: its parameters as a page writes them, once for each overload. */
export function parametersOf(program: ts.Program, file: string): ReadonlyMap<string, readonly string[]> {
  const checker = program.getTypeChecker()
  const exportsOf = (symbol: ts.Symbol | undefined): readonly ts.Symbol[] =>
    symbol === undefined ? [] : checker.getExportsOfModule(symbol).map((one) => resolved(checker, one))
  const source = program.getSourceFile(file)
  const found = new Map<string, string[]>()
  for (const module of exportsOf(source && checker.getSymbolAtLocation(source)))
    for (const one of exportsOf(module)) {
      if (one.valueDeclaration === undefined) continue
      const signatures = checker.getTypeOfSymbol(one).getCallSignatures()
      const written = signatures.map(({ parameters }) => parameters.map(writtenAs).join(', '))
      found.set(one.name, [...(found.get(one.name) ?? []), ...written])
    }
  return found
}

const resolved = (checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol

function writtenAs({ name, valueDeclaration: node }: ts.Symbol): string {
  const isOptional =
    node !== undefined && ts.isParameter(node) && (node.questionToken ?? node.initializer) !== undefined
  return isOptional ? `${name}?` : name
}
