/** The number of rows that a trial reads and overwrites. A power of two, so that a mask finds the next row. */
export const ROWS = 1024
const MASK = ROWS - 1

/** In another order than the table's. */
export const KEYS = Array.from({ length: ROWS }, (_, at) => `user:${(at * 421) & MASK}:profile`)

export const VALUES = KEYS.map((key, at) => ({
  id: at,
  key,
  name: `Ada Lovelace ${at}`,
  active: at % 2 === 0,
  score: at * 1.5,
  tags: ['reader', 'writer', 'admin'],
  address: { street: '12 St James Square', city: 'London', zip: String(10_000 + at) },
}))

/** ms; longer than any trial. */
export const TTL = 3_600_000

// The next write of a key has another value: SQLite writes and flushes nothing when nothing changes.
const OTHER = 1021

export const keyAt = (index) => KEYS[index & MASK]
export const valueAt = (index) => VALUES[index % OTHER]
export const manyKeys = (index, count) => Array.from({ length: count }, (_, at) => KEYS[(index + at) & MASK])
export const manyEntries = (index, count) =>
  Array.from({ length: count }, (_, at) => [KEYS[(index + at) & MASK], VALUES[(index + at) % OTHER]])
