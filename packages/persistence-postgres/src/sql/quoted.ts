/** A name as SQL takes it. @param name Has no NUL character. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
