import type { CityRow } from '../database/city-table.ts'
import type { City } from './cities.ts'

/**
 * The row of one city. Its id is its place in the list, from 1: the same at every writing, by any process, which
 * is what makes writing it twice harmless.
 *
 * @param index its place from 0
 */
export function cityRow(city: City, index: number, region: string | undefined): CityRow {
  return [index + 1, city.name, city.country, region ?? null, Number(city.lat), Number(city.lng)]
}
