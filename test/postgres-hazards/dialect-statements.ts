import type { postgresDialect } from '../../packages/persistence-postgres/src/postgres-dialect.js'

export interface StatementLike {
  name: string
  sql: string
  batch?: { sql: string }
  afterLoss?: StatementLike
}

/** Returns the statements of all stores, also in the forms for many calls and for a lost answer. */
export function statementsOf(dialect: ReturnType<typeof postgresDialect>): StatementLike[] {
  const { cache, locks, results, claims, circuits, probes, checkpoints, inspect } = dialect
  const stores = [cache(undefined).sql, locks, results, claims, circuits, probes, checkpoints, inspect]
  return stores
    .flatMap((store) => Object.values(store) as unknown[])
    .filter((value): value is StatementLike => typeof value === 'object' && value !== null && 'sql' in value)
    .flatMap(({ name, sql, batch, afterLoss }) => [
      { name, sql },
      ...(batch === undefined ? [] : [{ name: `${name}, many`, sql: batch.sql }]),
      ...(afterLoss === undefined ? [] : [{ name: `${name}, again`, sql: afterLoss.sql }]),
    ])
}
