import { formatNumber } from './format-number.mjs'

/**
 * @param {number} value
 * @param {string} one
 * @param {string} many
 */
export function formatCount(value, one, many) {
  return `${formatNumber(value)} ${value === 1 ? one : many}`
}
