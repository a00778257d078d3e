export type { CacheOfKeyv } from './cache-entries.js'
export { KeyvStore, type KeyvStoreEntry } from './keyv-store.js'
export { Keyv5Store, type Keyv5StoreEntry } from './keyv5-store.js'
