// What `node scripts/freeze-release.mjs` keeps of a release: an owner and a client.
export { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
export { connectRemote, serve } from '@go-go-scope/persistence-sqlite-node/remote'
