/** A name of the app's own schema in a statement, where none can be bound. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A text in a statement, in a place such as a trigger where none can be bound. */
export function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
