export * from '@go-go-scope/persistence-core/public'
export {
  PostgresAdapter,
  PostgresAdapter as Adapter,
  PostgresCacheAdapter,
  PostgresIdempotencyAdapter,
} from './adapter.js'
export type { PlaceOptions, PostgresCacheOptions, PostgresOpenOptions, PostgresOptions } from './options.js'
export type { Durability } from './postgres-place.js'
export type { PostgresStats } from './postgres-stats.js'
export type { BunSqlLike, ReservedBunLike } from './wire/bun-sql.js'
export type { DriverName } from './wire/by-url.js'
export type { PgPoolLike, PooledPgClientLike } from './wire/pg.js'
export type { PgClientLike } from './wire/pg-wire.js'
export type { PgliteLike } from './wire/pglite.js'
export type { Prepare } from './wire/reconnecting-driver.js'
export type { PostgresJsLike, ReservedLike } from './wire/reservations.js'
export type { ListensLike } from './wire/reserved.js'
export type { PostgresHandle } from './wire/source-of.js'
