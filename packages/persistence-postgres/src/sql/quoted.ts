/** A text as SQL takes it. @param text Has no NUL character. */
export function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A name as SQL takes it. @param name Has no NUL character. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
