/** A text as SQL takes it, whatever `standard_conforming_strings` is. @param text Has no NUL character. */
export function quotedText(text: string): string {
  const doubled = text.replaceAll("'", "''")
  return doubled.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`
}

/** A name as SQL takes it. @param name Has no NUL character. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
