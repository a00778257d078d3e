import { createHash } from 'node:crypto'
import type { CityTable } from './database/city-table.ts'
import type { City } from './source/cities.ts'
import { cityRow } from './source/city-row.ts'
import { loadRegions } from './source/regions.ts'

export interface Verification {
  source: number
  rows: number
  missing: number
  duplicates: number
  unknown: number
  hashes: { source: string; table: string }
  exact: boolean
}

/**
 * Compares the table with the source, row by row and as a whole. It reads the source files again and uses nothing that the
 * import computed or cached.
 */
export async function verify(cities: readonly City[], table: Pick<CityTable, 'pages'>): Promise<Verification> {
  const regions = await loadRegions()
  const sourceHash = createHash('sha256')
  // How often each city is still expected, by all columns except the id, because a city under a second id is a duplicate too.
  const expected = new Map<string, number>()
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
