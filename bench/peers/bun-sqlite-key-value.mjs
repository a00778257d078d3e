import { BunSqliteKeyValue } from 'bun-sqlite-key-value'
import { tuning } from '../engines/tuning.mjs'

/** bun-sqlite-key-value: synchronous, values in V8's format and not as JSON. */
export async function open({ path, storage }) {
  const store = new BunSqliteKeyValue(path)
  for (const pragma of tuning(storage)) store.db.run(pragma)
  return {
    pragma: (sql) => store.db.run(sql),
    cache: {
      get: (key) => store.get(key) ?? null,
      set: (key, value) => store.set(key, value),
      getMany: (keys) => {
        const values = store.getItems(keys)
        return new Map(values.map(({ key, value }) => [key, value]))
      },
      setMany: (entries) => store.setItems(entries.map(([key, value]) => ({ key, value }))),
    },
  }
}
