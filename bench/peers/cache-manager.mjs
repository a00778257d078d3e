import KeyvSqlite from '@keyv/sqlite'
import { createCache } from 'cache-manager'
import Keyv from 'keyv'
import { tuning } from '../engines/tuning.mjs'

/** cache-manager, whose stores are Keyv's since its version 6, over @keyv/sqlite. */
export async function open({ path, storage }) {
  const store = new KeyvSqlite({ uri: `sqlite://${path}` })
  for (const pragma of tuning(storage)) await store.query(pragma)
  const cache = createCache({ stores: [new Keyv({ store })] })
  return {
    pragma: (sql) => store.query(sql),
    cache: {
      get: async (key) => (await cache.get(key)) ?? null,
      set: (key, value) => cache.set(key, value),
      getMany: async (keys) => {
        const values = await cache.mget(keys)
        return new Map(keys.map((key, at) => [key, values[at]]))
      },
      setMany: (entries) => cache.mset(entries.map(([key, value]) => ({ key, value }))),
    },
  }
}
