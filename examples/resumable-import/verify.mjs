import { createHash } from 'node:crypto'
import { cityRow } from './source/city-row.mjs'
import { loadRegions } from './source/regions.mjs'

/**
 * Compares the table with the source, row by row and as a whole. It goes back to the files: nothing that the import
 * computed, cached or remembered is used.
 *
 * @param {readonly import('./source/cities.mjs').City[]} cities
 * @param {{ pages(): AsyncIterable<import('./database/city-table.mjs').CityRow[]> }} table
 */
export async function verify(cities, table) {
  const regions = await loadRegions()
  const sourceHash = createHash('sha256')
  // How often each city is still expected, by everything but its id: a city under a second id is a duplicate too.
  /** @type {Map<string, number>} */
  const expected = new Map()
  for (const [index, city] of cities.entries()) {
    const row = cityRow(city, index, regions.get(`${city.country}.${city.admin1}`))
    sourceHash.update(`${JSON.stringify(row)}\n`)
    const content = JSON.stringify(row.slice(1))
    expected.set(content, (expected.get(content) ?? 0) + 1)
  }

  const tableHash = createHash('sha256')
  let rows = 0
  let duplicates = 0
  let unknown = 0
  for await (const page of table.pages()) {
    for (const row of page) {
      rows++
      tableHash.update(`${JSON.stringify(row)}\n`)
      const content = JSON.stringify(row.slice(1))
      const left = expected.get(content)
      if (left === undefined) unknown++
      else if (left === 0) duplicates++
      else expected.set(content, left - 1)
    }
  }
  let missing = 0
  for (const left of expected.values()) missing += left

  const hashes = { source: sourceHash.digest('hex'), table: tableHash.digest('hex') }
  const exact = rows === cities.length && missing + duplicates + unknown === 0 && hashes.source === hashes.table
  return { source: cities.length, rows, missing, duplicates, unknown, hashes, exact }
}
