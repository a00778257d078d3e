const COMMENT_OR_STRING = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g

/** The source without its comments; lines keep their numbers. */
export function withoutComments(text: string): string {
  return text.replace(COMMENT_OR_STRING, (match) => (match.startsWith('/') ? match.replace(/[^\n]/g, ' ') : match))
}

/** The string and template literals alone, each on the line it starts on. */
export function literalsOnly(text: string): string {
  let end = 0
  let literals = ''
  for (const match of withoutComments(text).matchAll(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g)) {
    literals += text.slice(end, match.index).replace(/[^\n]/g, '') + match[0]
    end = match.index + match[0].length
  }
  return literals
}

/** The specifiers a source file imports from: static, dynamic with a literal, re-exports, and types in `import()`. */
export function importsOf(text: string): string[] {
  const code = withoutComments(text)
  // A literal that is the word itself, as in `'from' | 'to'`, begins no specifier.
  const pattern = /(?:(?<!['"])\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)(['"])([^'"\n]+)\1/g
  return [...code.matchAll(pattern)].map((match) => match[2] ?? '')
}
