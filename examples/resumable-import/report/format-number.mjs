const numbers = new Intl.NumberFormat('en-US')

/** @param {number} value shown as a whole number */
export function formatNumber(value) {
  return numbers.format(Math.round(value))
}
