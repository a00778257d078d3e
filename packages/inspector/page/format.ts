export const count = (number: number): string => number.toLocaleString('en')

/** @param percent 0 to 100. 100 only when it is all. */
export function percentage(percent: number): string {
  const shown = Math.min(100, Math.max(0, percent))
  return `${shown < 100 ? Math.floor(shown) : 100} %`
}
