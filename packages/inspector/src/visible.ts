/** A key or prefix in one line, with what cannot be seen written out. */
export function visible(text: string): string {
  const shown = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`
  })
  return shown === '' ? '(empty)' : shown
}
