import {
  BackupSchedule,
  changesets,
  restore,
  SQLiteAdapter,
  SQLiteCacheAdapter,
  SQLiteIdempotencyAdapter,
  Standby,
  verifyBackup,
} from '@go-go-scope/persistence-sqlite-node'
import { connectRemote, serve } from '@go-go-scope/persistence-sqlite-node/remote'

// Compiled with `declaration`, never run: each export has a type that the compiler infers and has to write by a name.
export const open = () => SQLiteAdapter.open('app.db')
type Store = Awaited<ReturnType<typeof open>>
export const ports = ({ lock, cache, idempotency, checkpoint, circuitBreaker }: Store) => ({
  ...{ lock, cache, idempotency, checkpoint, circuitBreaker },
})
export const calls = (store: Store) => ({
  hold: store.lock.hold('key'),
  claim: store.idempotency.claim<string>('key', { lease: 1 }),
  admit: store.circuitBreaker.admit('key', { resetTimeout: 1 }),
  run: store.circuitBreaker.run('key', async () => 1),
  runOptions: (...[key, call, options]: Parameters<Store['circuitBreaker']['run']>) => ({ key, call, options }),
  newest: store.checkpoint.loadLatest<number>('task'),
  entries: store.cache.entries(),
  inspection: store.inspect(),
  backup: store.backup('copy.db'),
  stats: store.stats(),
  verification: store.verify(),
  schedule: BackupSchedule.start(store, { directory: '.', every: 1 }),
  standby: Standby.follow(store, { target: 'standby.db' }),
  changes: changesets(store, { tables: [] }),
  server: serve(store),
})
export const classes = { SQLiteAdapter, SQLiteCacheAdapter, SQLiteIdempotencyAdapter, Standby, BackupSchedule }
export const functions = { changesets, restore, verifyBackup, connectRemote, serve }
export const only = (handle: ConstructorParameters<typeof SQLiteCacheAdapter>[0]) =>
  [new SQLiteCacheAdapter(handle), new SQLiteIdempotencyAdapter(handle)] as const
export const copies = () => [verifyBackup('copy.db'), restore('copy.db', 'app.db')] as const
export const remote = (server: ReturnType<typeof serve>) => connectRemote(server.createPort())
