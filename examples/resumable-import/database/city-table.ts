import type { Engine } from './engine.ts'

const COUNT = 'SELECT count(*) AS cities FROM cities'

const SUMMARY = `
  SELECT count(*) AS cities, count(DISTINCT country) AS countries, count(DISTINCT country || '/' || region) AS regions
  FROM cities`

const LARGEST = `
  SELECT country, count(*) AS cities FROM cities GROUP BY country ORDER BY cities DESC, country LIMIT 5`

export type CityRow = readonly [
  id: number,
  name: string,
  country: string,
  region: string | null,
  latitude: number,
  longitude: number,
]

export interface Summary {
  cities: number
  countries: number
  regions: number
  largest: { country: string; cities: number }[]
}

/** The table that the job fills. */
export interface CityTable {
  /** Writes rows under their ids. Writing the same rows again changes nothing. */
  write(rows: readonly CityRow[]): Promise<void>
  count(): Promise<number>
  /** Yields all rows in order of id, page by page. */
  pages(): AsyncIterable<CityRow[]>
  summarize(): Promise<Summary>
}

export async function createCityTable(engine: Engine): Promise<CityTable> {
  const { CREATE, WRITE, PAGE } = engine.citySql
  await engine.rows(CREATE)
  return {
    async write(rows) {
      await engine.rows(WRITE, [JSON.stringify(rows)])
    },

    async count() {
      const [row] = await engine.rows(COUNT)
      return Number(row?.cities)
    },

    async *pages() {
      for (let last = 0; ; ) {
        const page = await engine.rows(PAGE, [last])
        if (page.length === 0) return
        yield page.map(({ id, name, country, region, latitude, longitude }) => {
          return [id, name, country, region, latitude, longitude] as unknown as CityRow
        })
        last = Number(page.at(-1)?.id)
      }
    },

    async summarize() {
      const [totals] = await engine.rows(SUMMARY)
      const largest = await engine.rows(LARGEST)
      return {
        cities: Number(totals?.cities),
        countries: Number(totals?.countries),
        regions: Number(totals?.regions),
        largest: largest.map(({ country, cities }) => ({ country: String(country), cities: Number(cities) })),
      }
    },
  }
}
