/** @param {number[]} values @param {number} part 0 … 1 */
export function quantile(values, part) {
  const sorted = [...values].sort((one, other) => one - other)
  const place = (sorted.length - 1) * part
  const below = sorted[Math.floor(place)]
  return below + (sorted[Math.ceil(place)] - below) * (place % 1)
}

/** @param {number[]} values */
export const median = (values) => quantile(values, 0.5)

/** Returns half of the interquartile range, relative to the median. @param {number[]} values */
export const spread = (values) => (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values)

/**
 * Returns the ratios of runs that were made one after the other, so that what slowed both cancels out.
 *
 * @param {number[]} ones
 * @param {number[]} others
 */
export const ratios = (ones, others) => ones.map((one, at) => one / others[at])

/** Returns the median of the ratios. @param {number[]} ones @param {number[]} others */
export const pairedRatio = (ones, others) => median(ratios(ones, others))

/** Returns the cost at the most rows divided by the cost at the fewest. @param {Record<string, number>} costs by rows */
export function growth(costs) {
  const sizes = Object.keys(costs).map(Number)
  return costs[Math.max(...sizes)] / costs[Math.min(...sizes)]
}
