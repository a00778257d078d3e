const numbers = new Intl.NumberFormat('en-US')

/** @param value Shown as a whole number. */
export function formatNumber(value: number): string {
  return numbers.format(Math.round(value))
}
