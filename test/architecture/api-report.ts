import { join } from 'node:path'
import ts from 'typescript5'
import { root } from '../../scripts/workspace.mjs'

/** The exports of one entry: their names, and the declaration without comments or the first entry that has it. */
export interface EntryReport {
  readonly entry: string
  readonly exports: readonly { readonly name: string; readonly text: string }[]
}

const printer = ts.createPrinter({ removeComments: true })

/**
 * Reads the exports of all entries of the packages from their built types, all at once because they share most files.
 *
 * @param entries the path of each `.d.ts` by the name it is imported as
 */
export function reportExports(entries: ReadonlyMap<string, string>): EntryReport[] {
  const program = ts.createProgram([...entries.values()], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: [],
    skipLibCheck: true,
    noLib: true,
  })
  const checker = program.getTypeChecker()
  /** The first entry of each export, by name and declaration. */
  const first = new Map<string, string>()
  return [...entries].map(([entry, path]) => {
    const file = program.getSourceFile(path)
    const module = file && checker.getSymbolAtLocation(file)
    if (module === undefined) throw new Error(`${path} is no module; build the packages first`)
    const exports = checker
      .getExportsOfModule(module)
      .map((symbol) => {
        const text = declarationsOf(symbol, checker)
        const identity = `${symbol.name}\n${text}`
        const owner = first.get(identity) ?? entry
        first.set(identity, owner)
        return { name: symbol.name, text: owner === entry ? text : `as in ${owner}` }
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    return { entry, exports }
  })
}

function declarationsOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const texts = (target.declarations ?? []).map((declaration) => {
    const whole = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration
    return printer.printNode(ts.EmitHint.Unspecified, withoutPrivate(whole), declaration.getSourceFile())
  })
  // The quotes of literals depend on the build and do not matter to users.
  return [...new Set(texts)].join('\n').replaceAll('"', "'")
}

/** Returns a class without its private members. */
function withoutPrivate(node: ts.Node): ts.Node {
  if (!ts.isClassDeclaration(node)) return node
  const members = node.members.filter((member) => member.name === undefined || !ts.isPrivateIdentifier(member.name))
  return ts.factory.updateClassDeclaration(
    node,
    node.modifiers,
    node.name,
    node.typeParameters,
    node.heritageClauses,
    members,
  )
}

/** Returns the report of one package as a document. */
export function formatReport(name: string, reports: readonly EntryReport[]): string {
  const sections = reports.map(({ entry, exports }) => {
    const own = exports.filter(({ text }) => !text.startsWith('as in '))
    const others = exports.filter(({ text }) => text.startsWith('as in ')).map(({ name, text }) => `${name}: ${text}`)
    const code = [...own.map(({ name, text }) => `// ${name}\n${text}\n`), ...others].join('\n')
    return `## ${entry}\n\n\`\`\`text\n${code}\n\`\`\`\n`
  })
  return `# What ${name} exports\n\nWritten by \`npm run check -- --update\`: a change of it is a change for users.\n\n${sections.join('\n')}`
}

/** Path of the report of a package, from the root. */
export const reportPath = (folder: string): string => join(root, 'packages', folder, 'api.md')
