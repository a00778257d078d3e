import type { CityRow } from '../database/city-table.ts'
import type { City } from './cities.ts'

/**
 * Returns the row of one city. Its id is its position in the list, from 1. Every process computes the same id, so writing a
 * row twice is harmless.
 *
 * @param index The position from 0.
 */
export function cityRow(city: City, index: number, region: string | undefined): CityRow {
  return [index + 1, city.name, city.country, region ?? null, Number(city.lat), Number(city.lng)]
}
