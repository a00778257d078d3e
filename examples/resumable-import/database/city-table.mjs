const CREATE = `
  CREATE TABLE IF NOT EXISTS cities (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    country TEXT NOT NULL,
    region TEXT,
    latitude REAL NOT NULL,
    longitude REAL NOT NULL
  ) STRICT`

// One statement for the whole batch, so that it is one commit without BEGIN: all of its rows or none.
// WHERE true: without it SQLite would read ON CONFLICT as the condition of a join.
const WRITE = `
  INSERT INTO cities (id, name, country, region, latitude, longitude)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?) WHERE true
  ON CONFLICT (id) DO UPDATE SET
    name = excluded.name,
    country = excluded.country,
    region = excluded.region,
    latitude = excluded.latitude,
    longitude = excluded.longitude`

const COUNT = 'SELECT count(*) AS cities FROM cities'

const PAGE = `
  SELECT id, name, country, region, latitude, longitude FROM cities WHERE id > ? ORDER BY id LIMIT 5000`

const SUMMARY = `
  SELECT count(*) AS cities, count(DISTINCT country) AS countries, count(DISTINCT country || '/' || region) AS regions
  FROM cities`

const LARGEST = `
  SELECT country, count(*) AS cities FROM cities GROUP BY country ORDER BY cities DESC, country LIMIT 5`

/** @typedef {readonly [id: number, name: string, country: string, region: string | null, latitude: number, longitude: number]} CityRow */

/**
 * The table the job fills.
 *
 * @param {import('./engine.mjs').Engine} engine
 */
export async function createCityTable(engine) {
  await engine.rows(CREATE)
  return {
    /**
     * Writes rows under their ids. Writing the same rows again leaves the same table.
     *
     * @param {readonly CityRow[]} rows
     */
    async write(rows) {
      await engine.rows(WRITE, [JSON.stringify(rows)])
    },

    async count() {
      const [row] = await engine.rows(COUNT)
      return Number(row?.cities)
    },

    /** Every row in order of id, a page at a time. */
    async *all() {
      for (let last = 0; ; ) {
        const page = await engine.rows(PAGE, [last])
        if (page.length === 0) return
        for (const { id, name, country, region, latitude, longitude } of page) {
          yield/** @type {CityRow} */ ([id, name, country, region, latitude, longitude])
        }
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
