let written = 0

/** @param {import('@go-go-scope/persistence-sqlite-node').SQLiteAdapter} adapter @param {number} [user] */
export function callsOf(adapter, user = 0) {
  return {
    get: (index) => adapter.cache.get(`k${index % 1_000}`),
    // Another value each time: SQLite does not write an unchanged page.
    set: (index) => adapter.cache.set(`k${index % 1_000}`, user * 1e9 + ++written),
    lock: async (index) => (await adapter.lock.acquire(`l${user}-${index % 1_000}`, 60_000)).release(),
  }
}
