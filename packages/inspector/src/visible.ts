/** Returns a key or prefix in one line, with invisible characters written out. */
export function visible(text: string): string {
  const shown = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`
  })
  return shown === '' ? '(empty)' : shown
}
