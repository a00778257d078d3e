import KeyvSqlite from '@keyv/sqlite'
import Keyv from 'keyv'
import { tuning } from '../engines/tuning.mjs'

/** keyv over @keyv/sqlite, which uses `sqlite3`. */
export async function open({ path, storage }) {
  const store = new KeyvSqlite({ uri: `sqlite://${path}` })
  for (const pragma of tuning(storage)) await store.query(pragma)
  const keyv = new Keyv({ store, useKeyPrefix: false })
  return {
    pragma: (sql) => store.query(sql),
    cache: {
      get: async (key) => (await keyv.get(key)) ?? null,
      set: (key, value) => keyv.set(key, value),
      getMany: async (keys) => {
        const values = await keyv.getMany(keys)
        return new Map(keys.map((key, at) => [key, values[at]]))
      },
      setMany: (entries) => keyv.setMany(entries.map(([key, value]) => ({ key, value }))),
    },
  }
}
