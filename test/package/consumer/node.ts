import { DatabaseSync } from 'node:sqlite'
import type { IdempotencyKeyOptions } from '@go-go-scope/idempotency-key'
import type { InspectorOptions } from '@go-go-scope/persistence-inspector'
import type { InstrumentOptions } from '@go-go-scope/persistence-otel'
import type { PostgresAdapter, PostgresCacheOptions, PostgresOpenOptions } from '@go-go-scope/persistence-postgres'
import type { CopyDatabaseOptions } from '@go-go-scope/persistence-postgres/copy'
import { SQLiteAdapter, SQLiteCacheAdapter, SQLiteIdempotencyAdapter } from '@go-go-scope/persistence-sqlite'
import {
  type AdapterOptions,
  type AdmitOptions,
  type ApplyOptions,
  type BackupKeep,
  type BackupOptions,
  BackupSchedule,
  type BackupScheduleOptions,
  type CacheAdapterOptions,
  type CircuitRunOptions,
  type ClaimOptions,
  type DatabaseSyncOpenOptions,
  type EntriesOptions,
  type FencedStatement,
  type FileOptions,
  type FollowOptions,
  type GetOrSetOptions,
  type HoldOptions,
  type InspectOptions,
  type ListOptions,
  SQLiteAdapter as NodeAdapter,
  SQLiteIdempotencyAdapter as NodeIdempotencyAdapter,
  type OnceOptions,
  type RestoreOptions,
  type Standby,
  type ValueListOptions,
  type VerifyOptions,
} from '@go-go-scope/persistence-sqlite-node'
import type { RemoteOptions } from '@go-go-scope/persistence-sqlite-node/remote'
import type { PersistenceDriverOptions } from '@go-go-scope/unstorage'
import { DatabaseSync as PhotostructureDatabaseSync } from '@photostructure/sqlite'
import { scope } from 'go-go-scope'
import sqlite3 from 'sqlite3'
import {
  type PublishedAdapter,
  type PublishedCacheProvider,
  type PublishedCheckpointProvider,
  type PublishedCircuitBreakerStateProvider,
  type PublishedIdempotencyProvider,
  type PublishedLockProvider,
  publishedScope,
} from './published-ports.js'

// Compiled, never run: an `@ts-expect-error` above a wrong provider fails the compilation if the provider is accepted.
const database = new sqlite3.Database(':memory:')
const adapter = new SQLiteAdapter(database, { keyPrefix: 'app:' })
const overNode = new NodeAdapter(new DatabaseSync(':memory:'))
const overPhotostructure = new NodeAdapter(new PhotostructureDatabaseSync(':memory:'))
const opened: NodeAdapter = await NodeAdapter.open(':memory:', { DatabaseSync: PhotostructureDatabaseSync })
const idempotency = new SQLiteIdempotencyAdapter(database, { keyPrefix: 'app:' })

for (const persistence of [adapter, overNode, overPhotostructure, opened]) {
  scope({ persistence })
  publishedScope({ persistence })
}
scope({ persistence: { idempotency, cache: new SQLiteCacheAdapter(database, { tableName: 'pages' }) } })
publishedScope({ persistence: { idempotency, lock: adapter, circuitBreaker: adapter, cache: adapter } })

export const lifeCycle: PublishedAdapter = adapter
export const lock: PublishedLockProvider = adapter
export const circuitBreaker: PublishedCircuitBreakerStateProvider = overNode
export const cache: PublishedCacheProvider = adapter
export const checkpoint: PublishedCheckpointProvider = overPhotostructure
export const results: PublishedIdempotencyProvider = new NodeIdempotencyAdapter(new DatabaseSync(':memory:'))

// @ts-expect-error stored results are not locks
scope({ persistence: { lock: idempotency } })
// @ts-expect-error the same, against the published types
publishedScope({ persistence: { lock: idempotency } })
// @ts-expect-error a lock is not a cache
scope({ persistence: { cache: adapter.lock } })
// @ts-expect-error the same, against the published types
publishedScope({ persistence: { cache: adapter.lock } })
// @ts-expect-error a synchronous handle is not a sqlite3 database
new SQLiteAdapter(new DatabaseSync(':memory:'))
// @ts-expect-error a misspelt option
new SQLiteAdapter(database, { keyPrefx: 'app:' })
// @ts-expect-error a cache is not the database that a schedule backs up
BackupSchedule.start(adapter.cache, { directory: '.', every: 1 })
// @ts-expect-error neither is a class, nor an adapter of a server
BackupSchedule.start(NodeAdapter, { directory: '.', every: 1 })
// @ts-expect-error the same
BackupSchedule.start({} as PostgresAdapter, { directory: '.', every: 1 })
BackupSchedule.start(opened, { directory: '.', every: 1 })
// A class has no members but those that an app may call.
export const members: 'prototype' | 'open' = {} as keyof typeof PostgresAdapter | keyof typeof NodeAdapter

// A read value is `unknown` unless the caller names a type.
export const read: unknown = await adapter.cache.get('k')
export const written: number | null = await adapter.cache.get<number>('k')
export const many: Map<string, number> = await adapter.cache.getMany<number>(['k'])
export const data: number | undefined = (await adapter.loadLatest<number>('t'))?.data
// @ts-expect-error a type annotation does not name the type of a read value
export const cached: number | null = await adapter.cache.get('k')
// @ts-expect-error the same
export const flat: number | null = await adapter.get('k')
// @ts-expect-error the same
export const several: Map<string, number> = await adapter.cache.getMany(['k'])
// @ts-expect-error the same
export const result: { value: number } | null = await adapter.idempotency.get('k')
// @ts-expect-error the same
export const loaded: { data: number } | undefined = await adapter.checkpoint.load('c')
// @ts-expect-error the same
export const latest: { data: number } | undefined = await adapter.checkpoint.loadLatest('t')
const claim = await adapter.idempotency.claim('k', { lease: 1_000 })
// @ts-expect-error the same
export const replayed: number = claim.state === 'completed' ? claim.value : 0

// With exactOptionalPropertyTypes an option takes `undefined` only if its type says so. The adapters treat it as absent.
type Refusing<Options> = {
  [Name in keyof Options]-?: object extends Pick<Options, Name>
    ? { [Given in Name]: undefined } extends Pick<Options, Name>
      ? never
      : Name
    : never
}[keyof Options]
export const refusing: Record<
  | Refusing<AdapterOptions>
  | Refusing<AdmitOptions>
  | Refusing<ApplyOptions>
  | Refusing<BackupKeep>
  | Refusing<BackupOptions>
  | Refusing<BackupScheduleOptions>
  | Refusing<CacheAdapterOptions>
  | Refusing<CircuitRunOptions>
  | Refusing<ClaimOptions>
  | Refusing<CopyDatabaseOptions>
  | Refusing<DatabaseSyncOpenOptions>
  | Refusing<EntriesOptions>
  | Refusing<FencedStatement>
  | Refusing<FileOptions>
  | Refusing<FollowOptions>
  | Refusing<GetOrSetOptions>
  | Refusing<HoldOptions>
  | Refusing<IdempotencyKeyOptions<Request>>
  | Refusing<InspectOptions>
  | Refusing<InspectorOptions>
  | Refusing<InstrumentOptions>
  | Refusing<ListOptions>
  | Refusing<OnceOptions>
  | Refusing<PersistenceDriverOptions>
  | Refusing<PostgresCacheOptions>
  | Refusing<PostgresOpenOptions>
  | Refusing<RemoteOptions>
  | Refusing<RestoreOptions>
  | Refusing<ValueListOptions>
  | Refusing<NonNullable<Parameters<BackupSchedule['run']>[0]>>
  | Refusing<NonNullable<Parameters<Standby['waitFor']>[1]>>
  | Refusing<VerifyOptions>,
  never
> = {}
