export const count = (number: number): string => number.toLocaleString('en')

/** Returns a percentage, which is 100 only if `percent` is. @param percent 0 to 100. */
export function percentage(percent: number): string {
  const shown = Math.min(100, Math.max(0, percent))
  return `${shown < 100 ? Math.floor(shown) : 100} %`
}
