/**
 * The row of one city. Its id is its place in the list, from 1: the same at every writing, by any process, which
 * is what makes writing it twice harmless.
 *
 * @param {import('./cities.mjs').City} city
 * @param {number} index its place from 0
 * @param {string | undefined} region
 * @returns {import('../database/city-table.mjs').CityRow}
 */
export function cityRow(city, index, region) {
  return [index + 1, city.name, city.country, region ?? null, Number(city.lat), Number(city.lng)]
}
