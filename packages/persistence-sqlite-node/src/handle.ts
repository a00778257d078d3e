/** The methods of `DatabaseSync` that are used here, so that one package serves every engine of that shape. */
export interface DatabaseSyncLike {
  prepare(sql: string): StatementSyncLike
  close(): void
}

export interface StatementSyncLike {
  all(...parameters: never[]): unknown[]
  get(...parameters: never[]): unknown
  run(...parameters: never[]): unknown
  setReadBigInts?(on: boolean): void
  setReturnArrays?(on: boolean): void
}

/** The class itself: `DatabaseSync` of `node:sqlite` or of `@photostructure/sqlite`. */
export type DatabaseSyncClass = (new (
  path: string,
  options: { readOnly: boolean },
) => DatabaseSyncLike) & {
  prototype: object
}
