import type { SqlValue } from '@go-go-scope/persistence-core'

/** The few methods of `bun:sqlite` that are used here, so that the types need no runtime. */
export interface BunDatabase {
  prepare(sql: string): BunStatement
  close(throwOnError?: boolean): void
}

export interface BunStatement {
  // Bun takes parameters one by one, or as one array.
  all(parameters: readonly SqlValue[]): unknown[]
  get(parameters: readonly SqlValue[]): unknown
  finalize(): void
}
