/** Quotes a name of the app's own schema for a statement, because names cannot be bound. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Quotes a text for SQL where parameters cannot be bound, such as a trigger. */
export function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
