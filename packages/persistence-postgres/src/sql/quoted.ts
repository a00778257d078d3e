/** Returns an SQL literal that is right with any `standard_conforming_strings`. @param text Without NUL characters. */
export function quotedText(text: string): string {
  const doubled = text.replaceAll("'", "''")
  return doubled.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`
}

/** Returns a quoted SQL identifier. @param name Without NUL characters. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
