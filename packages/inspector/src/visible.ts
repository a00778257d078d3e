/** Returns a key or prefix in one line, with invisible characters written out, and a backslash that could be taken for that. */
export function visible(text: string): string {
  const shown = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\\(?=u\{)/gu, (character) => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`
  })
  return shown === '' ? '(empty)' : shown
}
