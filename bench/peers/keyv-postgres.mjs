import KeyvPostgres from '@keyv/postgres'
import Keyv from 'keyv'

/** keyv over @keyv/postgres, which keeps a pool of ten. */
export async function open({ url, schema }) {
  const store = new KeyvPostgres({ uri: url, schema, max: 10 })
  const keyv = new Keyv({ store, useKeyPrefix: false })
  return {
    cache: {
      get: async (key) => (await keyv.get(key)) ?? null,
      set: (key, value) => keyv.set(key, value),
    },
  }
}
