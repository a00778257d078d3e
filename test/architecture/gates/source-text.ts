const COMMENT_OR_STRING = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g

/** Returns the source without its comments; line numbers stay the same. */
export function withoutComments(text: string): string {
  return text.replace(COMMENT_OR_STRING, (match) => (match.startsWith('/') ? match.replace(/[^\n]/g, ' ') : match))
}

/** Returns only the string and template literals, each on the line on which it starts. */
export function literalsOnly(text: string): string {
  let end = 0
  let literals = ''
  for (const match of withoutComments(text).matchAll(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g)) {
    literals += text.slice(end, match.index).replace(/[^\n]/g, '') + match[0]
    end = match.index + match[0].length
  }
  return literals
}

/** Returns the specifiers that a file imports from: static, dynamic with a literal, re-exports, and types in `import()`. */
export function importsOf(text: string): string[] {
  const code = withoutComments(text)
  // The literal 'from' itself, as in `'from' | 'to'`, does not begin a specifier.
  const pattern = /(?:(?<!['"])\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)(['"])([^'"\n]+)\1/g
  return [...code.matchAll(pattern)].map((match) => match[2] ?? '')
}
