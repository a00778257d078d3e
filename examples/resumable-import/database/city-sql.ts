/**
 * The statements of the city table, which belongs to the app, for each database that it uses. `PAGE` takes an id, `WRITE` the
 * rows as JSON. One statement writes the whole batch, so the batch is atomic without BEGIN and COMMIT.
 */
export interface CitySql {
  CREATE: string
  WRITE: string
  PAGE: string
}

const COLUMNS = 'id, name, country, region, latitude, longitude'
const UPSERT = `
  ON CONFLICT (id) DO UPDATE SET
    name = excluded.name,
    country = excluded.country,
    region = excluded.region,
    latitude = excluded.latitude,
    longitude = excluded.longitude`

const create = (real: string, more: string): string => `
  CREATE TABLE IF NOT EXISTS cities (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    country TEXT NOT NULL,
    region TEXT,
    latitude ${real} NOT NULL,
    longitude ${real} NOT NULL
  )${more}`

export const sqliteCitySql: CitySql = {
  CREATE: create('REAL', ' STRICT'),
  // Without `WHERE true`, SQLite would parse ON CONFLICT as the condition of a join.
  WRITE: `
  INSERT INTO cities (${COLUMNS})
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?) WHERE true${UPSERT}`,
  PAGE: `SELECT ${COLUMNS} FROM cities WHERE id > ? ORDER BY id LIMIT 5000`,
}

export const postgresCitySql: CitySql = {
  CREATE: create('DOUBLE PRECISION', ''),
  WRITE: `
  INSERT INTO cities (${COLUMNS})
  SELECT (city ->> 0)::int, city ->> 1, city ->> 2, city ->> 3, (city ->> 4)::float8, (city ->> 5)::float8
  FROM json_array_elements($1::json) AS city${UPSERT}`,
  PAGE: `SELECT ${COLUMNS} FROM cities WHERE id > $1 ORDER BY id LIMIT 5000`,
}
